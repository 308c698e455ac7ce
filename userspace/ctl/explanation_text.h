// SPDX-License-Identifier: Apache-2.0
// An answer of `explain` (interfaces.md 3.2) for people. Pure.
#pragma once

#include <string>

#include "base/json.h"

namespace sm::ctl {

std::string explanation_text(const Json& answer);

}  // namespace sm::ctl
