// SPDX-License-Identifier: Apache-2.0
// Debounce: turns a burst of changes into one. Pure: times are given, nothing is read. Used by the
// control thread to gather the events of one ConfigMap swap, editor save or partial write into one
// reload.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace sm::daemon {

class Debounce {
 public:
  using Time = std::chrono::milliseconds;  // of one monotonic clock

  // Quiet for `quiet` after the last change, but no later than `most` after the first one that is
  // still waiting: a directory that never rests is read all the same.
  Debounce(Time quiet, Time most) : x_quiet(quiet), x_most(most) {}

  // Something changed at `now`.
  void changed(Time now) {
    if (!x_first) x_first = now;
    x_last = now;
  }
  // When to act; nullopt when nothing waits.
  std::optional<Time> due() const {
    if (!x_first) return std::nullopt;
    return std::min(x_last + x_quiet, *x_first + x_most);
  }
  // True once: the changes so far are to be acted on now.
  bool take(Time now) {
    const auto at = due();
    if (!at || now < *at) return false;
    clear();
    return true;
  }
  // What waited has been dealt with otherwise.
  void clear() { x_first.reset(); }

 private:
  const Time x_quiet;
  const Time x_most;
  std::optional<Time> x_first;
  Time x_last{0};
};

}  // namespace sm::daemon
