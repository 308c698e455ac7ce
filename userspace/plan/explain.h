// SPDX-License-Identifier: Apache-2.0
// `sockmeshctl explain`: the verdict on one request, worked out by the functions that the data path
// calls, without sending anything (interfaces.md 3.2). Pure; the daemon's control thread and the
// CLI's offline verb call it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "plan/run_plan.h"

namespace sm::plan {

struct ExplainRequest {
  std::string pod;          // "namespace/name": the client, or the gateway
  bool at_gateway = false;  // asked of the gateway, from outside
  std::uint16_t port = 0;   // at a gateway: the opened port
  std::string method = "GET";
  std::string url;  // "http://authority/path?query", or "tcp://address:port"
  std::vector<std::pair<std::string, std::string>> headers;

  // One line of a batch: {"from"|"gateway","port","method","url","headers":{k: v | [v,...]}}. The
  // error says what is missing.
  static Result<ExplainRequest> from_json(const Json& line);
};

// The answer with every key of interfaces.md 3.2. Weights and percentages are told, not drawn. What
// only a real connection has is stood in for: the request id is all zeros, the client of a gateway
// is 192.0.2.1. An error means that there is no answer: a pod that is not of this node, a port that
// the gateway does not open, a URL that is none.
Result<Json> explain(const RunPlan& plan, const ExplainRequest& request);

}  // namespace sm::plan
