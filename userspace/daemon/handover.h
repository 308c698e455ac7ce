// SPDX-License-Identifier: Apache-2.0
// Handover: one daemon after another on the same node file, without a refused connection. Asked by
// `sockmeshctl handover`, the old one lets go of its locks and its admin socket, changes nothing in
// the kernel any more, and serves on. Its successor takes over pins and pods as after a restart;
// pod by pod its listeners replace the old ones in the kernel's table. When all are replaced the
// old one serves what it has until drainSeconds are over. If nobody takes the locks it goes on as
// before.
//
//   Serving -> Offered -> Leaving (-> the process ends)
//      ^----------'  nobody came
//
// Owned by the server, control thread. The steps that touch the rest are the owner's.
#pragma once

#include <chrono>
#include <cstdint>

#include "io/loop.h"
#include "io/timer.h"

namespace sm::daemon {

class HandoverEvents {
 public:
  virtual void let_go() = 0;             // locks, admin socket, watch: from here on hands off
  virtual bool successor_has_all() = 0;  // its listeners serve every pod
  virtual bool take_back() = 0;          // false: a successor holds the locks
  virtual void retire() = 0;             // ask clients to connect anew, serve what still comes
  virtual void leave() = 0;              // end when the sessions have ended

 protected:
  ~HandoverEvents() = default;
};

class Handover final : private io::TimerEvents {
 public:
  Handover(io::Loop& loop, HandoverEvents& events, std::chrono::seconds drain);

  // Repeated, it changes nothing.
  void offer();
  bool under_way() const { return x_state != State::kServing; }
  void cancel() { x_timer.cancel(); }

 private:
  enum class State : std::uint8_t { kServing, kOffered, kLeaving };
  enum Tag : int { kLetGo, kLook, kLeave };

  void on_timer(int tag) override;
  void look();

  io::Loop& x_loop;
  HandoverEvents& x_events;
  const std::chrono::milliseconds x_drain;
  io::Timer x_let_go;
  io::Timer x_timer;
  io::Timer x_leave;
  State x_state = State::kServing;
  std::chrono::milliseconds x_deadline{};
};

}  // namespace sm::daemon
