// SPDX-License-Identifier: Apache-2.0
// Parking: processes of the test that hold accepted connections for the agent, because one process
// may not have descriptors enough. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sm::capture {

class Parking {
 public:
  // `path`: a Unix socket on which the process listens.
  Result<> add(const std::string& path);
  void close() { x_places.clear(); }
  bool open() const { return !x_places.empty(); }
  // The next process has it, and this one no more. Requires: open().
  Result<> park(UniqueFd socket);

 private:
  std::vector<UniqueFd> x_places;
  std::size_t x_next = 0;
};

}  // namespace sm::capture
