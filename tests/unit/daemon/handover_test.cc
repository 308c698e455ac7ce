// SPDX-License-Identifier: Apache-2.0
#include "daemon/handover.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/limits.h"

namespace sm::daemon {
namespace {

// Answers as told, and stops the loop when the diary has grown to `until`.
class Diary final : public HandoverEvents {
 public:
  explicit Diary(io::Loop& loop) : x_loop(loop) {}

  std::size_t until = 0;
  bool has_all = false;
  std::vector<std::string> lines;

  void let_go() override { note("let go"); }
  bool successor_has_all() override { return has_all; }
  bool take_back() override {
    note("take back");
    return true;
  }
  void retire() override { note("retire"); }
  void leave() override { note("leave"); }

 private:
  void note(const char* what) {
    lines.emplace_back(what);
    if (lines.size() >= until) x_loop.stop();
  }
  io::Loop& x_loop;
};

}  // namespace

TEST_CASE("handover: lets go, retires when the successor has every pod, then leaves") {
  io::Loop loop;
  Diary diary(loop);
  diary.has_all = true;
  diary.until = 3;
  Handover handover(loop, diary, std::chrono::seconds(0));
  CHECK_FALSE(handover.under_way());
  handover.offer();
  CHECK(handover.under_way());
  CHECK(diary.lines.empty());  // whoever asked is answered first
  handover.offer();
  loop.run();
  CHECK(diary.lines == std::vector<std::string>{"let go", "retire", "leave"});
}

TEST_CASE("handover: while the successor has not every pod nothing is retired") {
  io::Loop loop;
  Diary diary(loop);
  diary.until = 1;
  Handover handover(loop, diary, std::chrono::seconds(0));
  handover.offer();
  loop.run();
  CHECK(diary.lines == std::vector<std::string>{"let go"});
}

}  // namespace sm::daemon
