// SPDX-License-Identifier: Apache-2.0
// The wall clock, for time stamps that people or files compare. Durations and deadlines use the
// loop's steady time.
#pragma once

#include <chrono>

namespace sm {

inline std::chrono::system_clock::time_point wall_clock_now() {
  return std::chrono::system_clock::now();
}

}  // namespace sm
