// SPDX-License-Identifier: Apache-2.0
// The rows of `proxy-config listeners`: what is accepted for each pod of this node, and where it
// goes. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "plan/run_plan.h"

namespace sm::daemon {

// [{"address","port","match","destination","pod"}], by pod, what it leaves out first, then by port
// (null: every port). `pod` is "namespace/name" of
// a pod of this node, or empty for all; an unknown one gives no row.
Json listener_rows(const plan::RunPlan& plan, const std::string& pod);

}  // namespace sm::daemon
