// SPDX-License-Identifier: Apache-2.0
// Watch: readiness of one descriptor on one loop. The owner keeps the descriptor open until the
// watch is destroyed (declare the descriptor before the watch). The libuv handle outlives the watch
// and frees itself in libuv's close callback.
#pragma once

#include <uv.h>

#include "io/loop.h"

namespace sm::io {

class WatchEvents {
 public:
  // The descriptor is readable (`readable`: data, end of stream or an error to be read) and/or
  // writable. The watch may be destroyed only through the graveyard from in here.
  virtual void on_ready(bool readable, bool writable) = 0;

 protected:
  ~WatchEvents() = default;
};

class Watch {
 public:
  Watch(Loop& loop, int fd, WatchEvents& events);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Which events are wanted. A call that changes nothing costs nothing; a change costs one or two
  // system calls.
  void want(bool readable, bool writable);
  // Wants nothing but to hear when the connection breaks off: on_ready(false, false) then. It may
  // also be called for other reasons, again and again: who finds no error wants nothing.
  void want_reset();
  // Lets go of the descriptor for good: it may be closed or watched by another Watch at once.
  // Nothing is called afterwards.
  void detach();
  bool wants_readable() const { return (x_interest & UV_READABLE) != 0; }
  bool wants_writable() const { return (x_interest & UV_WRITABLE) != 0; }

 private:
  void set_interest(int interest);
  static void on_poll(uv_poll_t* handle, int status, int events);
  uv_poll_t* x_handle;  // null once detached
  WatchEvents& x_events;
  int x_interest = 0;
  bool x_stopped = false;  // by libuv, after an error
};

}  // namespace sm::io
