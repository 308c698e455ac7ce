// SPDX-License-Identifier: Apache-2.0
// A pod of this node from its own side: the ports at which it is reached and the workers that it
// asks for. Pure.
#pragma once

#include <string_view>
#include <unordered_map>

#include "plan/run_plan.h"
#include "plan/services.h"

namespace sm::plan {

// By container port; of Services that name one port differently the oldest counts.
std::unordered_map<std::uint16_t, InboundPort> inbound_ports(const std::vector<ServedPort>& served);

// `concurrency` in the value of annotation proxy.istio.io/config (YAML or JSON), `otherwise` when
// it says nothing. 0: all.
unsigned wanted_concurrency(std::string_view proxy_config, unsigned otherwise);

}  // namespace sm::plan
