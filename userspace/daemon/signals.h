// SPDX-License-Identifier: Apache-2.0
// Signals: what the operator and the supervisor say to the process, as events of the control loop.
// The signals are blocked in every thread and read from a descriptor, so nothing runs in signal
// context. Control thread.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "io/loop.h"
#include "io/watch.h"

namespace sm::daemon {

class SignalEvents {
 public:
  virtual void on_terminate() = 0;   // SIGTERM, SIGINT
  virtual void on_reopen_log() = 0;  // SIGHUP, SIGUSR1

 protected:
  ~SignalEvents() = default;
};

// Blocks the signals above for this thread and all it starts later, and ignores SIGPIPE: a peer
// that is gone is an error of a write, not the end of the process. Called first in main.
void block_signals();

class Signals final : private io::WatchEvents {
 public:
  // Requires: block_signals() was called.
  static Result<UniqueFd> open();
  Signals(io::Loop& loop, UniqueFd fd, SignalEvents& events);

 private:
  void on_ready(bool readable, bool writable) override;

  SignalEvents& x_events;
  UniqueFd x_fd;
  io::Watch x_watch;
};

}  // namespace sm::daemon
