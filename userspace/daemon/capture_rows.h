// SPDX-License-Identifier: Apache-2.0
// What `status` and `pods` say of capture: what a pod leaves out, what its self-test found, what is
// older than it, and how the node fares without a daemon. Pure.
#pragma once

#include <vector>

#include "base/capture_lists.h"
#include "base/json.h"
#include "capture/capture.h"
#include "capture/enrolment.h"
#include "config/node_config.h"

namespace sm::daemon {

// By the names of Istio's annotations: {"includeOutboundIPRanges": ["*"], ...}.
Json lists_json(const CaptureLists& lists);
// {"passed","failed","lastFailure"}
Json self_test_json(const capture::SelfTest& test);
// [{"local","remote","destroyed"}]
Json old_connections_json(const std::vector<capture::OldConnection>& connections);
// {"unmeshedConnections","onProxyDown","unknownPods"}. The first must stay 0: connections of pods
// in the mesh that the kernel saw neither captured nor left out on purpose.
Json capture_facts(const config::NodeConfig& node, const std::vector<capture::Counter>& counters);

}  // namespace sm::daemon
