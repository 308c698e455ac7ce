// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker_pulse.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/limits.h"

namespace sm::daemon {

using Workers = std::vector<unsigned>;

TEST_CASE("worker pulse: a worker is asked again only when it has answered") {
  WorkerPulse pulse(2);
  CHECK(pulse.ask(1000ms) == Workers{0, 1});
  CHECK(pulse.ask(2000ms).empty());
  CHECK_FALSE(pulse.answered(1));
  CHECK(pulse.ask(3000ms) == Workers{1});
}

TEST_CASE("worker pulse: one that owes an answer too long is stuck, once, until it answers") {
  WorkerPulse pulse(2);
  pulse.ask(0ms);
  pulse.answered(0);
  CHECK(pulse.newly_stuck(kWorkerStuckAfter - 1ms).empty());
  CHECK(pulse.newly_stuck(kWorkerStuckAfter) == Workers{1});
  CHECK(pulse.newly_stuck(kWorkerStuckAfter + 1ms).empty());
  CHECK(pulse.stuck() == Workers{1});
  CHECK(pulse.answered(1));
  CHECK(pulse.stuck().empty());
  CHECK_FALSE(pulse.answered(1));
}

TEST_CASE("worker pulse: the time counts from the question, not from the last answer") {
  WorkerPulse pulse(1);
  pulse.ask(0ms);
  pulse.answered(0);
  CHECK(pulse.newly_stuck(kWorkerStuckAfter * 3).empty());
  pulse.ask(kWorkerStuckAfter * 3);
  CHECK(pulse.newly_stuck(kWorkerStuckAfter * 4 - 1ms).empty());
  CHECK(pulse.newly_stuck(kWorkerStuckAfter * 4) == Workers{0});
}

}  // namespace sm::daemon
