// SPDX-License-Identifier: Apache-2.0
// The release that both programs report.
#pragma once

#include <string_view>

namespace sm {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace sm
