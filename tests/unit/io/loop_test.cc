// SPDX-License-Identifier: Apache-2.0
#include "io/loop.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace sm::io {

namespace {
struct Dying final : Mortal {
  explicit Dying(int& count_in) : count(count_in) {}
  ~Dying() override { ++count; }
  int& count;
};
}  // namespace

TEST_CASE("io: posts of many threads all run, each thread's in its order") {
  Loop loop;
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  std::vector<std::vector<int>> seen(kThreads);
  int total = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&loop, &seen, &total, t] {
      for (int i = 0; i < kPosts; ++i) {
        loop.post([&seen, &total, &loop, t, i] {
          seen[static_cast<std::size_t>(t)].push_back(i);
          if (++total == kThreads * kPosts) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (auto& thread : threads) thread.join();
  for (const auto& one : seen) {
    REQUIRE(one.size() == kPosts);
    for (int i = 0; i < kPosts; ++i) REQUIRE(one[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("io: what is buried dies after the callback, before the loop waits") {
  Loop loop;
  int dead = 0;
  int inside = -1;
  loop.post([&] {
    loop.bury(std::make_unique<Dying>(dead));
    inside = dead;
  });
  loop.run_once(true);
  CHECK(inside == 0);
  CHECK(dead == 1);
}

TEST_CASE("io: work that was never run is destroyed with the loop") {
  int dead = 0;
  {
    Loop loop;
    loop.post([held = std::make_shared<Dying>(dead)] { (void)held; });
  }
  CHECK(dead == 1);
}

TEST_CASE("io: the hook runs at the end of a pass") {
  Loop loop;
  int passes = 0;
  loop.set_pass_hook([&passes] { ++passes; });
  loop.post([] {});
  loop.run_once(true);
  CHECK(passes >= 1);
}

}  // namespace sm::io
