// SPDX-License-Identifier: Apache-2.0
// Times on the command line.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace sm::ctl {

// "10", "0.5": seconds, 0 up to kAdminSyncWaitMax. nullopt otherwise.
std::optional<std::chrono::milliseconds> parse_seconds(const std::string& text);

}  // namespace sm::ctl
