// SPDX-License-Identifier: Apache-2.0
// What the offline verbs give the planner. Pure.
#pragma once

#include "config/snapshot.h"

namespace sm::ctl {

// The node name of plans that stand for every node at once: the planner takes all pods for pods of
// its own.
inline constexpr const char* kEveryNode = "";

// The snapshot with a client in each namespace that has none, and a gateway pod for each Gateway
// that selects none. The planner works out what somebody of this node may ask for; files under
// review often have no pods (Deployments make them later), and their routes have to be looked at
// all the same.
config::Snapshot with_somebody_asking(const config::Snapshot& snapshot);

}  // namespace sm::ctl
