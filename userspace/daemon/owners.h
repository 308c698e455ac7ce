// SPDX-License-Identifier: Apache-2.0
// Which workers own a pod: their indices, slot by slot. A pure function of the pod's key, so that a
// pod has the same owners after a reload and after a restart with the same number of workers, and
// its exact per-pod state stays where it is.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ip.h"

namespace sm::daemon {

// Pod address -> the workers that serve the pod.
using OwnerTable = std::unordered_map<IpAddress, std::vector<unsigned>, IpHash>;

struct OwnerDemand {
  unsigned workers = 1;  // how many the daemon has; at least one
  unsigned wanted = 1;   // how many are to serve this pod; 0 = all
};

// `wanted` consecutive workers, beginning at a stable hash of "namespace/name" modulo `workers`;
// never more than there are workers nor than kPodOwnersMax, never fewer than one, none twice. Owner
// i serves the pod's slot i.
std::vector<unsigned> owners_of(std::string_view pod_key, const OwnerDemand& demand);

// What a pod asks for: all of them for a gateway; otherwise the larger of the node's
// `workersPerPod` and what its proxy.istio.io/config concurrency says, where 0 is all, as with
// Istio.
unsigned wanted_owners(bool gateway, unsigned workers_per_pod, unsigned concurrency);

}  // namespace sm::daemon
