// SPDX-License-Identifier: Apache-2.0
// JSON values as YAML text in block style, for `-o yaml`. Whatever a YAML 1.1 or 1.2 reader could
// take for something else than the text that it is stands in double quotes.
#pragma once

#include <string>

#include "base/json.h"

namespace sm::ctl {

// Ends with a newline.
std::string to_yaml(const Json& value);

}  // namespace sm::ctl
