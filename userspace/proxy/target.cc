// SPDX-License-Identifier: Apache-2.0
#include "proxy/target.h"

#include "proxy/core.h"

namespace sm::proxy {

namespace {

// A gateway is the client of what it forwards to, as in Istio: many outside clients share its
// upstream connections.
SocketAddress seen_by_server(const ConnectionFacts& facts) {
  SocketAddress client = facts.remote;
  if (facts.side == Side::kGateway) client.ip = facts.local.ip;
  return client;
}

}  // namespace

Target resolve_outbound(Core& core, const plan::RunPlan& plan, const ConnectionFacts& facts,
                        const SocketAddress& to) {
  Target target;
  target.dial.to = to;
  target.dial.use = &facts.pod->use;
  target.key.client = facts.pod->net->netns_cookie;
  target.key.to = to;
  const plan::Workload* workload = plan.workload_at(to.ip);
  // Gateways have no application, and pods that are not enrolled are not ours to enter: over the
  // network to both.
  const bool same_node = workload != nullptr && workload->enrolled_here && !workload->gateway;
  if (!same_node) {
    target.dial.pod = facts.pod->net;
    target.dial.purpose = io::DialPurpose::kWire;
    return target;
  }
  target.server = plan.pod(workload->key);
  if (target.server != nullptr) target.inbound = target.server->inbound_port(to.port);
  target.dial.purpose = io::DialPurpose::kApplication;
  target.dial.client = seen_by_server(facts);
  if (PodState* server = core.pod(workload->key)) {
    target.dial.pod = server->net;
    target.key.inside = server->net->netns_cookie;
    // A pod that calls itself does not cross the network, so there is nothing to admit.
    if (server != facts.pod) target.admission_server = server->net;
  }
  return target;
}

Target resolve_inbound(const plan::LocalPod& server, const ConnectionFacts& facts) {
  Target target;
  target.dial.to = facts.local;
  target.dial.use = &facts.pod->use;
  target.dial.pod = facts.pod->net;
  target.dial.purpose = io::DialPurpose::kApplication;
  target.dial.client = facts.remote;
  target.key.peer = facts.remote.ip;
  target.key.inside = facts.pod->net->netns_cookie;
  target.key.to = facts.local;
  target.server = &server;
  target.inbound = server.inbound_port(facts.local.port);
  return target;
}

bool serves(const plan::RunPlan& plan, std::string_view pod_key) {
  const plan::LocalPod* pod = plan.pod(pod_key);
  return pod != nullptr && pod->denied_because.empty();
}

}  // namespace sm::proxy
