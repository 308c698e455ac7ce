// SPDX-License-Identifier: Apache-2.0
#include "daemon/watchdog.h"

#include <fmt/format.h>

#include <utility>

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

void Watchdog::stop() {
  x_hands_off = true;
  x_timer.cancel();
}

void Watchdog::start() {
  x_hands_off = false;
  for (const unsigned worker : std::exchange(x_late, {})) on_answer(worker);
  x_timer.arm(kWatchEvery);
}

void Watchdog::on_timer(int /*tag*/) {
  look();
  take_pulse();
  x_gate.self_test();
  x_timer.arm(kWatchEvery);
}

void Watchdog::look() {
  note(x_gate.watch_node(), x_standing);
  if (x_round++ % kPodWatchEvery == 0) note(x_gate.watch_pods(), x_pods_standing);
}

// What stays wrong is said once, not at every look. `standing`: what the last such look found.
void Watchdog::note(const std::vector<std::string>& sentences, std::set<std::string>& standing) {
  std::set<std::string> now;
  x_found += sentences.size();
  for (const std::string& one : sentences) {
    now.insert(one);
    if (standing.count(one) == 0) tell(one);
  }
  standing = std::move(now);
}

void Watchdog::tell(const std::string& sentence) {
  kLog.error("{}", sentence);
  x_last.push_back(sentence);
  if (x_last.size() > kWatchNewsMax) x_last.pop_front();
}

void Watchdog::take_pulse() {
  const auto now = x_control.now();
  for (const unsigned worker : x_pulse.newly_stuck(now)) {
    ++x_found;
    tell(fmt::format("worker {} has not answered for {} s: its listener slots are taken away",
                     worker, kWorkerStuckAfter.count() / 1000));
    x_gate.set_worker_serving(worker, false);
  }
  for (const unsigned worker : x_pulse.ask(now))
    x_workers.ask_pulse(worker, [this, worker] { on_answer(worker); });
}

// The slots are a successor's while hands are off: giving one back would take it from there.
void Watchdog::on_answer(unsigned worker) {
  if (x_hands_off) {
    x_late.push_back(worker);
    return;
  }
  if (!x_pulse.answered(worker)) return;
  kLog.info("worker {} answers again and gets its listener slots back", worker);
  x_gate.set_worker_serving(worker, true);
}

Json Watchdog::report() const {
  return Json{{"found", x_found},
              {"last", std::vector<std::string>(x_last.begin(), x_last.end())},
              {"stuckWorkers", x_pulse.stuck()}};
}

}  // namespace sm::daemon
