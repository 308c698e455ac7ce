// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker_pulse.h"

#include <utility>

#include "base/limits.h"

namespace sm::daemon {

std::vector<unsigned> WorkerPulse::ask(Time now) {
  std::vector<unsigned> free;
  for (unsigned index = 0; index < x_workers.size(); ++index) {
    if (x_workers[index].asked) continue;
    x_workers[index].asked = now;
    free.push_back(index);
  }
  return free;
}

bool WorkerPulse::answered(unsigned worker) {
  x_workers[worker].asked.reset();
  return std::exchange(x_workers[worker].stuck, false);
}

std::vector<unsigned> WorkerPulse::newly_stuck(Time now) {
  std::vector<unsigned> found;
  for (unsigned index = 0; index < x_workers.size(); ++index) {
    Worker& worker = x_workers[index];
    if (worker.stuck || !worker.asked || now - *worker.asked < kWorkerStuckAfter) continue;
    worker.stuck = true;
    found.push_back(index);
  }
  return found;
}

std::vector<unsigned> WorkerPulse::stuck() const {
  std::vector<unsigned> found;
  for (unsigned index = 0; index < x_workers.size(); ++index) {
    if (x_workers[index].stuck) found.push_back(index);
  }
  return found;
}

}  // namespace sm::daemon
