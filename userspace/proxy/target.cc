// SPDX-License-Identifier: Apache-2.0
#include "proxy/target.h"

#include <algorithm>
#include <vector>

#include "proxy/core.h"

namespace sm::proxy {

namespace {

// A gateway is the client of what it forwards to, as in Istio: many outside clients share its
// upstream connections.
//
// A client of two families has an address in the server's: an IPv4 socket cannot show an IPv6 peer.
SocketAddress seen_by_server(const ConnectionFacts& facts, const SocketAddress& to) {
  SocketAddress client = facts.remote;
  if (facts.side == Side::kGateway) client.ip = facts.local.ip;
  if (client.ip.family() == to.ip.family()) return client;
  for (const IpAddress& ip : facts.pod->net->ips) {
    if (ip.family() == to.ip.family()) client.ip = ip;
  }
  return client;
}

bool has_family(const std::vector<IpAddress>& ips, int family) {
  return std::any_of(ips.begin(), ips.end(),
                     [family](const IpAddress& ip) { return ip.family() == family; });
}

// An endpoint is listed under one of its pod's addresses. A client that has no address of that
// family reaches the pod at the other one.
SocketAddress reachable(const plan::RunPlan& plan, const ConnectionFacts& facts,
                        const SocketAddress& to) {
  const std::vector<IpAddress>& own = facts.pod->net->ips;
  if (has_family(own, to.ip.family())) return to;
  const plan::Workload* workload = plan.workload_at(to.ip);
  if (workload == nullptr) return to;
  for (const IpAddress& ip : workload->ips) {
    if (ip.family() != to.ip.family() && has_family(own, ip.family())) return {ip, to.port};
  }
  return to;
}

}  // namespace

Target resolve_outbound(Core& core, const plan::RunPlan& plan, const ConnectionFacts& facts,
                        const SocketAddress& wanted) {
  const SocketAddress to = reachable(plan, facts, wanted);
  Target target;
  target.dial.to = to;
  target.dial.use = &facts.pod->use;
  target.key.client = facts.pod->net->netns_cookie;
  target.key.to = to;
  target.server = plan.server_at(to);
  if (target.server == nullptr) {
    target.dial.pod = facts.pod->net;
    target.dial.purpose = io::DialPurpose::kWire;
    return target;
  }
  target.inbound = target.server->inbound_port(to.port);
  target.dial.purpose = io::DialPurpose::kApplication;
  target.dial.client = seen_by_server(facts, to);
  if (PodState* server = core.pod(target.server->workload->key)) {
    target.dial.pod = server->net;
    target.key.inside = server->net->netns_cookie;
    // A pod that calls itself does not cross the network, so there is nothing to admit.
    if (server != facts.pod) target.admission_server = server->net;
  }
  return target;
}

Target resolve_outbound(Core& core, const plan::RunPlan& plan, const ConnectionFacts& facts,
                        const plan::Endpoint& endpoint) {
  SocketAddress to = endpoint.address;
  const int dialled = facts.local.ip.family();
  if (endpoint.other && endpoint.other->family() == dialled &&
      has_family(facts.pod->net->ips, dialled))
    to.ip = *endpoint.other;
  return resolve_outbound(core, plan, facts, to);
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
