// SPDX-License-Identifier: Apache-2.0
// PolicyTable: the pods' lists as the kernel asks for them (sm_ranges, sm_ports). A policy is
// written whole under a number that no pod uses yet; a pod changes from one to another by one write
// of its row, so no connection is judged by half of a list. Owned by Enrolment, control thread.
#pragma once

#include <cstdint>
#include <set>

#include "base/capture_lists.h"
#include "base/result.h"
#include "capture/maps.h"

namespace sm::capture {

class PolicyTable {
 public:
  explicit PolicyTable(const Maps& maps) : x_maps(maps) {}

  // The number of a new policy with these lists; 0, which has no rows, when they leave nothing out.
  // kLimit: the kernel's tables are full; nothing is left behind then.
  Result<std::uint32_t> add(const CaptureLists& lists);
  void remove(std::uint32_t policy);
  // Removes what an earlier run left.
  void keep_only(const std::set<std::uint32_t>& used);

 private:
  std::set<std::uint32_t> numbers() const;
  Result<> write(std::uint32_t policy, const CaptureLists& lists) const;

  const Maps& x_maps;
  std::uint32_t x_last = 0;
};

}  // namespace sm::capture
