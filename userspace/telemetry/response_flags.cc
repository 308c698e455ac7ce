// SPDX-License-Identifier: Apache-2.0
#include "telemetry/response_flags.h"

#include <algorithm>

#include "base/assert.h"

namespace sm::telemetry {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, static_cast<std::size_t>(Flag::kCount)> kNames = {
    "UH", "UT", "LR", "UF",   "UC",   "UO",  "NR", "NC",    "DPE", "UPE", "DC", "UR",
    "DI", "FI", "RL", "UAEX", "RLSE", "URX", "SI", "UMSDR", "DT",  "OM",  "DF", "DR",
};
static_assert(!kNames.back().empty());

}  // namespace

std::string_view short_name(Flag flag) {
  SM_ASSERT(flag < Flag::kCount);
  return kNames[static_cast<std::size_t>(flag)];
}

bool ResponseFlags::has(Flag flag) const {
  const auto end = x_flags.begin() + x_count;
  return std::find(x_flags.begin(), end, flag) != end;
}

void ResponseFlags::set(Flag flag) {
  if (x_count == x_flags.size() || has(flag)) return;
  x_flags[x_count] = flag;
  ++x_count;
}

void ResponseFlags::append_to(std::string& out) const {
  if (empty()) out.push_back('-');
  for (std::size_t i = 0; i < x_count; ++i) {
    if (i > 0) out.push_back(',');
    out.append(short_name(x_flags[i]));
  }
}

std::string ResponseFlags::to_string() const {
  std::string out;
  append_to(out);
  return out;
}

}  // namespace sm::telemetry
