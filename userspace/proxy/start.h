// SPDX-License-Identifier: Apache-2.0
// Which session a new connection gets, by the plan's word on its port: HTTP, TCP, or the first
// bytes decide.
#pragma once

#include <memory>

#include "base/buffer.h"
#include "io/transport.h"
#include "proxy/core.h"
#include "proxy/detect.h"
#include "proxy/session.h"

namespace sm::proxy {

// Requires: a plan is in force.
void start_outbound_session(Core& core, const ConnectionFacts& facts,
                            std::unique_ptr<io::Transport> transport);
// For arrivals at a pod and at a gateway.
void start_inbound_session(Core& core, const ConnectionFacts& facts,
                           std::unique_ptr<io::Transport> transport);

// For a connection whose first bytes have told what it speaks; `read` holds them. What they lead to
// is asked of the plan in force by now.
void start_detected_session(Core& core, const ConnectionFacts& facts, Detected what,
                            std::unique_ptr<io::Transport> transport, Buffer read);

}  // namespace sm::proxy
