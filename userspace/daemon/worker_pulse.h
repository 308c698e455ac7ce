// SPDX-License-Identifier: Apache-2.0
// WorkerPulse: which workers answer. Each is asked, and asked again once it has answered; one that
// owes an answer for kWorkerStuckAfter is stuck until it gives it. Knows no threads and no clock of
// its own, so that it can be tested. Owned by Watchdog, control thread.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

namespace sm::daemon {

class WorkerPulse {
 public:
  using Time = std::chrono::milliseconds;  // of the control loop's clock

  explicit WorkerPulse(unsigned workers) : x_workers(workers) {}

  // The workers to ask now; from here on they owe an answer.
  std::vector<unsigned> ask(Time now);
  // Whether the worker was stuck until now.
  bool answered(unsigned worker);
  // Those that have become stuck since the last call.
  std::vector<unsigned> newly_stuck(Time now);
  std::vector<unsigned> stuck() const;

 private:
  struct Worker {
    std::optional<Time> asked;
    bool stuck = false;
  };
  std::vector<Worker> x_workers;
};

}  // namespace sm::daemon
