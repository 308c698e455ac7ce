// SPDX-License-Identifier: Apache-2.0
// The pieces of an answer of `explain` (interfaces.md 3.2) as JSON. Pure.
#pragma once

#include <string_view>

#include "base/json.h"
#include "plan/run_plan.h"

namespace sm::plan {

// Every key, nothing known yet.
Json empty_answer();
Json route_json(const Route& route);
Json rejected_json(const Route& route, const std::string& because);
// A destination with all endpoints of its service's port, those that the cluster may use and those
// that it may not.
Json destination_json(const RunPlan& plan, const WeightedCluster& to, std::uint32_t weight);
Json destination_json(const RunPlan& plan, const Cluster& cluster);
Json headers_json(const http::Headers& headers);
// What the route does to the headers of an answer, values filled in for this request.
Json response_operations(const Route& route, const WeightedCluster* to,
                         const http::RequestHead& request, const StreamFacts& facts);
// A refusal, redirect or direct answer of the proxy itself: status, flags, details and the
// response.
void set_local_answer(const http::ResponseHead& head, std::string_view body, std::string_view flags,
                      std::string_view details, Json& answer);

}  // namespace sm::plan
