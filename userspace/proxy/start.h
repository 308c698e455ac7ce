// SPDX-License-Identifier: Apache-2.0
// Which session a new connection gets, by the plan's word on its port: HTTP, TCP, or the first
// bytes decide.
#pragma once

#include <memory>

#include "proxy/core.h"
#include "proxy/session.h"

namespace sm::proxy {

// Requires: a plan is in force.
void start_outbound_session(Core& core, const ConnectionFacts& facts,
                            std::unique_ptr<io::Transport> transport);
// For arrivals at a pod and at a gateway.
void start_inbound_session(Core& core, const ConnectionFacts& facts,
                           std::unique_ptr<io::Transport> transport);

}  // namespace sm::proxy
