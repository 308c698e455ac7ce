// SPDX-License-Identifier: Apache-2.0
// A pod's lists as rows of sm_ranges and sm_ports. The kernel asks for the longest prefix and
// nothing else, so what one range takes from another is decided here. Pure; any thread.
#pragma once

#include <sockmesh/abi.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "base/capture_lists.h"

namespace sm::capture {

// In the order of writing: a later row replaces an earlier one with the same key.
struct PolicyRows {
  std::vector<std::pair<sm_range_key, sm_take>> ranges;
  std::vector<std::pair<sm_port_key, sm_take>> ports;
};

PolicyRows policy_rows(std::uint32_t policy, const CaptureLists& lists);

}  // namespace sm::capture
