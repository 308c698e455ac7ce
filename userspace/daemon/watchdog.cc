// SPDX-License-Identifier: Apache-2.0
#include "daemon/watchdog.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"

namespace sm::daemon {
namespace {

constexpr log::Logger kLog{log::Component::kDaemon};

}  // namespace

Watchdog::Watchdog(io::Loop& control, PodGate& gate, WorkerPool& workers)
    : x_control(control),
      x_gate(gate),
      x_workers(workers),
      x_pulse(workers.size()),
      x_timer(control.timers(), static_cast<io::TimerEvents&>(*this), 0) {
  start();
}

void Watchdog::start() { x_timer.arm(kWatchEvery); }

void Watchdog::on_timer(int /*tag*/) {
  look();
  take_pulse();
  x_gate.self_test();
  x_timer.arm(kWatchEvery);
}

void Watchdog::look() {
  const bool pods_too = x_round++ % kPodWatchEvery == 0;
  note(x_gate.watch(pods_too));
}

// What stays wrong is said once, not every second.
void Watchdog::note(const std::vector<std::string>& sentences) {
  std::set<std::string> standing;
  x_found += sentences.size();
  for (const std::string& one : sentences) {
    standing.insert(one);
    if (x_standing.count(one) != 0) continue;
    kLog.error("{}", one);
    x_last.push_back(one);
    if (x_last.size() > kWatchNewsMax) x_last.pop_front();
  }
  x_standing = std::move(standing);
}

void Watchdog::take_pulse() {
  const auto now = x_control.now();
  for (const unsigned worker : x_pulse.newly_stuck(now)) {
    const std::string sentence =
        fmt::format("worker {} has not answered for {} s: its listener slots are taken away",
                    worker, kWorkerStuckAfter.count() / 1000);
    kLog.error("{}", sentence);
    ++x_found;
    x_last.push_back(sentence);
    x_gate.set_worker_serving(worker, false);
  }
  for (const unsigned worker : x_pulse.ask(now)) {
    x_workers.ask_pulse(worker, [this, worker] {
      if (!x_pulse.answered(worker)) return;
      kLog.info("worker {} answers again and gets its listener slots back", worker);
      x_gate.set_worker_serving(worker, true);
    });
  }
}

Json Watchdog::report() const {
  return Json{{"found", x_found},
              {"last", std::vector<std::string>(x_last.begin(), x_last.end())},
              {"stuckWorkers", x_pulse.stuck()}};
}

}  // namespace sm::daemon
