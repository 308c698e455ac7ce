// SPDX-License-Identifier: Apache-2.0
#include "io/loop.h"

#include <utility>

#include "base/assert.h"

namespace sm::io {

namespace {
template <class Handle>
uv_handle_t* as_handle(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);  // NOLINT: libuv's own way of inheritance
}

uv_loop_t* initialised(uv_loop_t* loop) {
  const int made = uv_loop_init(loop);
  SM_ASSERT(made == 0);
  return loop;
}
}  // namespace

// libuv's loop is position-dependent (its queues point into it), so it is initialised in place,
// before anything uses it.
Loop::Loop()
    : x_loop{},
      x_timers(initialised(&x_loop)),
      x_wake(std::make_unique<uv_async_t>()),
      x_before_wait(std::make_unique<uv_prepare_t>()),
      x_after_wait(std::make_unique<uv_check_t>()),
      x_thread(std::this_thread::get_id()) {
  uv_async_init(&x_loop, x_wake.get(),
                [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->take_mail(); });
  x_wake->data = this;
  uv_prepare_init(&x_loop, x_before_wait.get());
  x_before_wait->data = this;
  uv_prepare_start(x_before_wait.get(),
                   [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->end_pass(); });
  uv_unref(as_handle(x_before_wait.get()));
  uv_check_init(&x_loop, x_after_wait.get());
  x_after_wait->data = this;
  uv_check_start(x_after_wait.get(),
                 [](uv_check_t* handle) { static_cast<Loop*>(handle->data)->empty_graveyard(); });
  uv_unref(as_handle(x_after_wait.get()));
}

Loop::~Loop() {
  empty_graveyard();
  x_timers.close();
  uv_close(as_handle(x_wake.get()), nullptr);
  uv_close(as_handle(x_before_wait.get()), nullptr);
  uv_close(as_handle(x_after_wait.get()), nullptr);
  // Runs the close callbacks of every handle that was given up (watches free themselves there).
  while (uv_run(&x_loop, UV_RUN_NOWAIT) != 0) {
  }
  const int closed = uv_loop_close(&x_loop);
  SM_ASSERT(closed == 0);  // a handle outlived its owner
}

void Loop::run() {
  x_thread = std::this_thread::get_id();
  uv_run(&x_loop, UV_RUN_DEFAULT);
  empty_graveyard();
}

void Loop::run_once(bool wait) {
  x_thread = std::this_thread::get_id();
  uv_run(&x_loop, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  empty_graveyard();
}

void Loop::stop() { uv_stop(&x_loop); }

void Loop::post(std::function<void()> work) {
  bool first = false;
  {
    const std::lock_guard lock(x_mail_lock);
    first = x_mail.empty();
    x_mail.push_back(std::move(work));
  }
  // libuv merges wake-ups; the receiver takes everything at once, so only the first post of a batch
  // needs to wake it.
  if (first) uv_async_send(x_wake.get());
}

void Loop::take_mail() {
  std::vector<std::function<void()>> mail;
  {
    const std::lock_guard lock(x_mail_lock);
    mail.swap(x_mail);
  }
  for (auto& work : mail) work();
}

void Loop::end_pass() {
  empty_graveyard();
  if (x_pass_hook) x_pass_hook();
}

void Loop::empty_graveyard() {
  // A destructor may bury further objects.
  while (!x_graveyard.empty()) {
    auto dead = std::exchange(x_graveyard, {});
    dead.clear();
  }
}

}  // namespace sm::io
