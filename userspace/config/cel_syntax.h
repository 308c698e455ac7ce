// SPDX-License-Identifier: Apache-2.0
// Whether a text is an expression of the Common Expression Language by its syntax; names and types
// are not looked at. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace sm::config {

// "" when it is, else where it stops being one.
std::string cel_problem(std::string_view text);

}  // namespace sm::config
