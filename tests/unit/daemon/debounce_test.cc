// SPDX-License-Identifier: Apache-2.0
#include "daemon/debounce.h"

#include <doctest/doctest.h>

namespace sm::daemon {

using std::chrono::milliseconds;
constexpr milliseconds at(int ms) { return milliseconds(ms); }

TEST_CASE("daemon: a burst of changes is acted on once, after the quiet time") {
  Debounce debounce(at(50), at(1000));
  CHECK_FALSE(debounce.take(at(0)));
  for (const int ms : {100, 120, 140}) debounce.changed(at(ms));
  CHECK(*debounce.due() == at(190));
  CHECK_FALSE(debounce.take(at(189)));
  CHECK(debounce.take(at(190)));
  CHECK_FALSE(debounce.take(at(191)));
  CHECK_FALSE(debounce.due());
}

TEST_CASE("daemon: changes that never rest are acted on after the longest wait all the same") {
  Debounce debounce(at(50), at(1000));
  for (int ms = 0; ms < 1000; ms += 40) {
    debounce.changed(at(ms));
    CHECK_FALSE(debounce.take(at(ms)));
  }
  CHECK(*debounce.due() == at(1000));
  CHECK(debounce.take(at(1000)));
}

TEST_CASE("daemon: a change after one that was acted on waits its own quiet time") {
  Debounce debounce(at(50), at(1000));
  debounce.changed(at(0));
  CHECK(debounce.take(at(50)));
  debounce.changed(at(60));
  CHECK_FALSE(debounce.take(at(109)));
  CHECK(debounce.take(at(110)));
}

TEST_CASE("daemon: what was dealt with otherwise is not acted on") {
  Debounce debounce(at(50), at(1000));
  debounce.changed(at(0));
  debounce.clear();
  CHECK_FALSE(debounce.take(at(5000)));
}

}  // namespace sm::daemon
