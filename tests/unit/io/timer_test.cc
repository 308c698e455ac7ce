// SPDX-License-Identifier: Apache-2.0
// Timers on a real loop: what is asserted is order and "never early", never how late.
#include "io/timer.h"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "io/loop.h"

namespace sm::io {

namespace {
using std::chrono::milliseconds;

struct Recorder final : TimerEvents {
  explicit Recorder(Loop& loop_in) : loop(loop_in) {}
  void on_timer(int tag) override {
    fired.push_back(tag);
    at.push_back(loop.now());
  }
  void run_until(std::size_t count) {
    while (fired.size() < count) loop.run_once(true);
  }
  Loop& loop;
  std::vector<int> fired;
  std::vector<milliseconds> at;
};

}  // namespace

TEST_CASE("io: timers fire in the order of their deadlines, none early") {
  Loop loop;
  Recorder recorder(loop);
  const auto began = loop.now();
  Timer late(loop.timers(), recorder, 3);
  Timer soon(loop.timers(), recorder, 1);
  Timer between(loop.timers(), recorder, 2);
  late.arm(milliseconds(90));
  soon.arm(milliseconds(20));
  between.arm(milliseconds(50));
  recorder.run_until(3);
  CHECK(recorder.fired == std::vector<int>{1, 2, 3});
  CHECK(recorder.at[0] - began >= milliseconds(20));
  CHECK(recorder.at[1] - began >= milliseconds(50));
  CHECK(recorder.at[2] - began >= milliseconds(90));
  CHECK(!late.armed());
}

TEST_CASE("io: a cancelled timer, a destroyed one and a re-armed one do as they are told") {
  Loop loop;
  Recorder recorder(loop);
  Timer cancelled(loop.timers(), recorder, 1);
  auto destroyed = std::make_unique<Timer>(loop.timers(), recorder, 2);
  Timer moved(loop.timers(), recorder, 3);
  Timer last(loop.timers(), recorder, 4);
  cancelled.arm(milliseconds(10));
  destroyed->arm(milliseconds(10));
  moved.arm(milliseconds(10));
  last.arm(milliseconds(40));
  moved.arm(milliseconds(80));
  cancelled.cancel();
  destroyed.reset();
  CHECK(loop.timers().armed() == 2);
  recorder.run_until(2);
  CHECK(recorder.fired == std::vector<int>{4, 3});
  CHECK(loop.timers().armed() == 0);
}

TEST_CASE("io: a deadline beyond one turn of the wheel waits for its turn") {
  Loop loop;
  Recorder recorder(loop);
  Timer far(loop.timers(), recorder, 1);
  Timer near(loop.timers(), recorder, 2);
  // One turn is 1024 ticks of 10 ms: both fall into slots that pass by soon.
  far.arm(milliseconds(1024 * 10 + 30));
  near.arm(milliseconds(60));
  recorder.run_until(1);
  CHECK(recorder.fired == std::vector<int>{2});
  CHECK(far.armed());
}

TEST_CASE("io: a timer may cancel another that is due at the same time, and arm itself again") {
  Loop loop;
  struct Chain final : TimerEvents {
    explicit Chain(Loop& loop) : first(loop.timers(), *this, 1), second(loop.timers(), *this, 2) {}
    void on_timer(int tag) override {
      order.push_back(tag);
      (tag == 1 ? second : first).cancel();
      if (order.size() < 3) first.arm(milliseconds(1));
    }
    Timer first;
    Timer second;
    std::vector<int> order;
  } chain(loop);
  chain.first.arm(milliseconds(10));
  chain.second.arm(milliseconds(10));
  while (chain.order.size() < 3) loop.run_once(true);
  CHECK(chain.order == std::vector<int>{1, 1, 1});
}

}  // namespace sm::io
