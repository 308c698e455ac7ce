// SPDX-License-Identifier: Apache-2.0
// Watchdog: looks every kWatchEvery whether what keeps pods captured and served is as it should be:
// the kernel's attachments and pins (put back when they are not), the workers (one that does not
// answer loses its listener slots until it does), and the continuous test of each pod's capture.
// Owned by the server, control thread.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "daemon/pod_gate.h"
#include "daemon/worker_pool.h"
#include "daemon/worker_pulse.h"
#include "io/loop.h"
#include "io/timer.h"

namespace sm::daemon {

class Watchdog final : private io::TimerEvents {
 public:
  // References outlive it.
  Watchdog(io::Loop& control, PodGate& gate, WorkerPool& workers);

  // {"found":N,"last":[sentence,...],"stuckWorkers":[index,...]}
  Json report() const;
  // While another daemon may have the kernel side.
  void stop();
  void start();

 private:
  void on_timer(int tag) override;
  void look();
  void take_pulse();
  void on_answer(unsigned worker);
  void note(const std::vector<std::string>& sentences, std::set<std::string>& standing);
  void tell(const std::string& sentence);

  io::Loop& x_control;
  PodGate& x_gate;
  WorkerPool& x_workers;
  WorkerPulse x_pulse;
  io::Timer x_timer;
  unsigned x_round = 0;
  std::uint64_t x_found = 0;
  bool x_hands_off = false;
  std::vector<unsigned> x_late;  // answered while hands were off
  std::set<std::string> x_pods_standing;
  std::set<std::string> x_standing;  // said already, and still so at the last look
  std::deque<std::string> x_last;    // newest last, at most kWatchNewsMax
};

}  // namespace sm::daemon
