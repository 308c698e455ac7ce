// SPDX-License-Identifier: Apache-2.0
// Loop: one event loop and what belongs to it: timers, a mailbox from other threads, and the
// graveyard. One per thread; everything except post() is called on the loop's own thread only.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "io/timer.h"

namespace sm::io {

// An object that may not be destroyed inside its own callback. It is buried and destroyed once the
// callback stack has unwound, before the loop waits again.
class Mortal {
 public:
  Mortal() = default;
  virtual ~Mortal() = default;
  Mortal(const Mortal&) = delete;
  Mortal& operator=(const Mortal&) = delete;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(). The calling thread becomes the loop's thread.
  void run();
  // One pass: handles what is ready; with `wait`, waits for the first event. For tests that drive
  // the loop themselves.
  void run_once(bool wait);
  void stop();

  // Hands `work` to the loop's thread, in order of posting. Any thread. Work still queued when the
  // loop is destroyed is destroyed without being run.
  void post(std::function<void()> work);

  // Called at the end of every pass, before the loop waits: for what is gathered during a pass and
  // handed over once.
  void set_pass_hook(std::function<void()> hook) { x_pass_hook = std::move(hook); }

  void bury(std::unique_ptr<Mortal> object) { x_graveyard.push_back(std::move(object)); }
  Timers& timers() { return x_timers; }
  // Monotonic time in milliseconds, read once per pass of the loop.
  std::chrono::milliseconds now() const { return std::chrono::milliseconds(uv_now(&x_loop)); }
  uv_loop_t* raw() { return &x_loop; }
  bool on_this_thread() const { return std::this_thread::get_id() == x_thread; }

 private:
  void take_mail();
  void end_pass();
  void empty_graveyard();

  uv_loop_t x_loop;
  Timers x_timers;
  std::unique_ptr<uv_async_t> x_wake;
  // The graveyard empties before the loop waits and again right after the events of a wait were
  // handled, so that no timer finds a buried object.
  std::unique_ptr<uv_prepare_t> x_before_wait;
  std::unique_ptr<uv_check_t> x_after_wait;
  std::thread::id x_thread;
  std::vector<std::unique_ptr<Mortal>> x_graveyard;
  std::function<void()> x_pass_hook;
  std::mutex x_mail_lock;  // guards x_mail; held for one push or one swap
  std::vector<std::function<void()>> x_mail;
};

}  // namespace sm::io
