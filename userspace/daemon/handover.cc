// SPDX-License-Identifier: Apache-2.0
#include "daemon/handover.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"

namespace sm::daemon {
namespace {

constexpr log::Logger kLog{log::Component::kDaemon};

}  // namespace

Handover::Handover(io::Loop& loop, HandoverEvents& events, std::chrono::seconds drain)
    : x_loop(loop),
      x_events(events),
      x_drain(drain),
      x_let_go(loop.timers(), static_cast<io::TimerEvents&>(*this), kLetGo),
      x_timer(loop.timers(), static_cast<io::TimerEvents&>(*this), kLook),
      x_leave(loop.timers(), static_cast<io::TimerEvents&>(*this), kLeave) {}

void Handover::offer() {
  if (under_way()) return;
  x_state = State::kOffered;
  x_deadline = x_loop.now() + kHandoverWait;
  // Not now: whoever asked is still to be answered over the admin socket.
  x_let_go.arm(kHandoverLook);
}

void Handover::on_timer(int tag) {
  switch (tag) {
    case kLetGo:
      kLog.info("handing over: a successor may start");
      x_events.let_go();
      x_timer.arm(kHandoverLook);
      break;
    case kLook:
      look();
      break;
    case kLeave:
      x_events.leave();
      break;
  }
}

void Handover::look() {
  if (x_events.successor_has_all()) {
    kLog.info("the successor serves every pod; sessions under way have {} s",
              x_drain.count() / 1000);
    x_state = State::kLeaving;
    x_events.retire();
    // What was accepted by the kernel for the old listeners just before is still in their queues.
    x_leave.arm(std::max<std::chrono::milliseconds>(x_drain, kListenerLinger));
    return;
  }
  if (x_loop.now() >= x_deadline) {
    if (x_events.take_back()) {
      kLog.warn("nobody took over: going on");
      x_state = State::kServing;
      return;
    }
    x_deadline = x_loop.now() + kHandoverWait;
  }
  x_timer.arm(kHandoverLook);
}

}  // namespace sm::daemon
