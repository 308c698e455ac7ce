// SPDX-License-Identifier: Apache-2.0
// Target: one upstream address with everything needed to reach it: which network it is dialled
// from, whether the server's side of it is ours too (same node), and under which key its
// connections are pooled.
#pragma once

#include <memory>

#include "plan/run_plan.h"
#include "proxy/session.h"
#include "upstream/dial.h"
#include "upstream/http_pool.h"

namespace sm::proxy {

class Core;

struct Target {
  upstream::DialPlan dial;
  upstream::PoolKey key;
  // The pod of this node whose server side runs here, when there is one.
  const plan::LocalPod* server = nullptr;
  plan::InboundPort inbound;  // with `server`
  std::shared_ptr<const io::PodNet>
      admission_server;  // not null: a probe has to admit the pair first
};

// For a client (outbound, gateway) that goes to `wanted`, at the other address of the pod behind it
// when the client has none of that family. A pod of this node is dialled inside itself;
// everything else over the network from the client's namespace. dial.pod is null when the pod's
// network is not there (yet): dialling fails then.
Target resolve_outbound(Core& core, const plan::RunPlan& plan, const ConnectionFacts& facts,
                        const SocketAddress& wanted);
// The same for an endpoint, in the family that the client dialled if it is there in both.
Target resolve_outbound(Core& core, const plan::RunPlan& plan, const ConnectionFacts& facts,
                        const plan::Endpoint& endpoint);
// For what arrived at a pod: its own application at the address it arrived at.
Target resolve_inbound(const plan::LocalPod& server, const ConnectionFacts& facts);

// The pod is there and no policy denies what reaches it.
bool serves(const plan::RunPlan& plan, std::string_view pod_key);

}  // namespace sm::proxy
