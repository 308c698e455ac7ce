// SPDX-License-Identifier: Apache-2.0
// The text of `status`: what somebody who is woken at three in the morning has to know, what is
// wrong first. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sm::ctl {

// `status`: what admin::Views::status() says.
std::string status_text(const Json& status);

// One sentence for each thing that is not as it should be; empty: all is well.
std::vector<std::string> attention(const Json& status);

// Whether a counter of this name counts something that should not happen.
bool should_be_zero(std::string_view counter);

// Whether the pod's state is one of a pod that is deliberately not in the mesh.
bool is_outside(const Json& pod);

}  // namespace sm::ctl
