// SPDX-License-Identifier: Apache-2.0
// What `sockmeshctl proxy-config` shows of a plan: istioctl's columns as rows of JSON
// (istio-behaviour.md 9.6). Pure.
#pragma once

#include <string_view>

#include "base/json.h"
#include "plan/run_plan.h"

namespace sm::plan {

// Each returns an array of objects; `pod` is "namespace/name" of a pod of this node, or empty for
// all. routes: name, virtualHost, domains, match, virtualService, cluster(s)
Json dump_routes(const RunPlan& plan, std::string_view pod);
// clusters: serviceFqdn, port, subset, direction, type, destinationRule, name
Json dump_clusters(const RunPlan& plan, std::string_view pod);
// endpoints: endpoint, status, cluster, pod, node, path (same node | other node | outside)
Json dump_endpoints(const RunPlan& plan, std::string_view pod);

}  // namespace sm::plan
