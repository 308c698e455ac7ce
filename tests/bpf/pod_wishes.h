// SPDX-License-Identifier: Apache-2.0
// What a test wishes for, from JSON.
#pragma once

#include <vector>

#include "base/json.h"
#include "capture/enrolment.h"

namespace sm::capture {

std::vector<PodWish> wishes_of(const Json& pods);

}  // namespace sm::capture
