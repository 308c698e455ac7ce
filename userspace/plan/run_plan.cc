// SPDX-License-Identifier: Apache-2.0
#include "plan/run_plan.h"

#include "plan/naming.h"

namespace sm::plan {

InboundPort LocalPod::inbound_port(std::uint16_t port) const {
  if (const auto known = inbound.find(port); known != inbound.end()) return known->second;
  return {port, Protocol::kTcp, "InboundPassthroughCluster", {}};
}

const LocalPod* RunPlan::pod(std::string_view key) const {
  const auto found = pods.find(key);
  return found == pods.end() ? nullptr : &found->second;
}

const Workload* RunPlan::workload_at(const IpAddress& ip) const {
  const auto found = by_ip.find(ip);
  return found == by_ip.end() ? nullptr : found->second;
}

const LocalPod* RunPlan::server_at(const SocketAddress& address) const {
  const Workload* workload = workload_at(address.ip);
  // Gateways have no application, and pods that are not enrolled are not ours to enter.
  if (workload == nullptr || !workload->enrolled_here || workload->gateway) return nullptr;
  const LocalPod* local = pod(workload->key);
  return local != nullptr && local->lists.takes_inbound(address.port) ? local : nullptr;
}

OutboundChoice choose_outbound(const RunPlan& plan, const OutboundView& view,
                               const SocketAddress& destination) {
  OutboundChoice out;
  out.l4 = plan.registry_only ? plan.black_hole : plan.passthrough;
  const auto found = view.ports.find(destination.port);
  if (found == view.ports.end()) return out;
  const OutboundPort& port = found->second;
  if (const auto target = port.by_address.find(destination.ip); target != port.by_address.end()) {
    out.protocol = target->second.protocol;
    out.l4 = target->second.cluster;
    if (out.protocol == Protocol::kHttp) out.routes = &port.routes;
    if (out.protocol == Protocol::kAuto) out.routes = target->second.routes.get();
  } else if (port.http) {
    out.protocol = Protocol::kHttp;
    out.routes = &port.routes;
  }
  return out;
}

}  // namespace sm::plan
