// SPDX-License-Identifier: Apache-2.0
#include "io/watch.h"

#include "base/assert.h"

namespace sm::io {

Watch::Watch(Loop& loop, int fd, WatchEvents& events) : x_handle(new uv_poll_t), x_events(events) {
  const int made = uv_poll_init(loop.raw(), x_handle, fd);
  SM_ASSERT(made == 0);
  x_handle->data = this;
}

Watch::~Watch() { detach(); }

void Watch::detach() {
  if (x_handle == nullptr) return;
  x_handle->data = nullptr;
  x_interest = 0;
  // uv_close takes the descriptor out of epoll before it returns; only the memory waits for the
  // callback.
  uv_close(reinterpret_cast<uv_handle_t*>(x_handle),  // NOLINT: libuv's own way of inheritance
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });  // NOLINT
  x_handle = nullptr;
}

void Watch::want(bool readable, bool writable) {
  set_interest((readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

// Errors and hang-ups come with any interest; urgent data, which is rare, is what it costs.
void Watch::want_reset() { set_interest(UV_PRIORITIZED); }

void Watch::set_interest(int interest) {
  if (x_handle == nullptr || (interest == x_interest && !x_stopped)) return;
  x_stopped = false;
  x_interest = interest;
  if (interest == 0) {
    uv_poll_stop(x_handle);
  } else {
    uv_poll_start(x_handle, interest, on_poll);
  }
}

void Watch::on_poll(uv_poll_t* handle, int status, int events) {
  auto* self = static_cast<Watch*>(handle->data);
  if (self == nullptr) return;
  // An error (status < 0) is found by whoever reads or writes next. libuv has stopped polling then,
  // so that the next want() starts it again.
  if (status < 0) self->x_stopped = true;
  const bool readable = status < 0 || (events & UV_READABLE) != 0;
  const bool writable = status < 0 || (events & UV_WRITABLE) != 0;
  self->x_events.on_ready(readable && self->wants_readable(), writable && self->wants_writable());
}

}  // namespace sm::io
