// SPDX-License-Identifier: Apache-2.0
// Wishes: what is asked of capture/ for each pod of this node, from the enrolment rules and the
// plan. Pure.
#pragma once

#include <vector>

#include "capture/enrolment.h"
#include "config/enrolment_rules.h"
#include "plan/run_plan.h"

namespace sm::daemon {

struct OwnerPolicy {
  unsigned workers = 1;          // of the daemon
  unsigned workers_per_pod = 1;  // of the node file
};

// One wish for each pod that is enrolled, and a bypass for each other one whose namespace is known,
// so that the kernel does not deny it as unknown. Pods that are gone get none. `plan` says the
// gateway ports and the wanted concurrency; it was built from the same rules.
std::vector<capture::PodWish> wishes_of(const std::vector<config::Enrolment>& rules,
                                        const plan::RunPlan& plan, const OwnerPolicy& policy);

}  // namespace sm::daemon
