// SPDX-License-Identifier: Apache-2.0
// World: a Snapshot made by hand, and what is asked of the plan that comes of it. For the tests of
// plan/ only.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/snapshot.h"
#include "plan/build.h"

namespace sm::plan {

inline IpAddress ip(const std::string& text) { return IpAddress::parse(text).value(); }
inline SocketAddress address(const std::string& text) { return SocketAddress::parse(text).value(); }

inline config::WeightedDestination to(std::string host, std::string subset = "",
                                      std::uint32_t weight = 0) {
  config::WeightedDestination out;
  out.destination.host = std::move(host);
  out.destination.subset = std::move(subset);
  out.destination.mark = {10, 3};
  out.destination.subset_mark = {12, 3};
  out.weight = weight;
  return out;
}

inline config::HttpRoute route_to(std::string host, std::string subset = "") {
  config::HttpRoute out;
  out.route.push_back(to(std::move(host), std::move(subset)));
  return out;
}

inline config::StringMatch text(config::StringMatch::Kind kind, std::string value) {
  return {kind, std::move(value), {}};
}
inline config::StringMatch exact(std::string value) {
  return text(config::StringMatch::Kind::kExact, std::move(value));
}
inline config::StringMatch prefix(std::string value) {
  return text(config::StringMatch::Kind::kPrefix, std::move(value));
}
inline config::StringMatch regex(std::string value) {
  return text(config::StringMatch::Kind::kRegex, std::move(value));
}

inline config::HttpRoute prefix_route(std::string uri, std::string host) {
  config::HttpRoute out = route_to(std::move(host));
  out.match.emplace_back();
  out.match.back().uri = prefix(std::move(uri));
  return out;
}

struct PortSpec {
  std::string name;
  std::uint16_t port;
  std::uint16_t target;
};

class World {
 public:
  config::Snapshot snapshot;
  std::vector<std::string> enrolled;
  std::string node = "node-a";

  config::Metadata meta(std::string kind, std::string ns, std::string name) {
    config::Metadata out;
    out.ref = {std::move(kind), std::move(ns), std::move(name), "demo.yaml", ++x_line};
    return out;
  }

  config::Service& service(const std::string& ns, const std::string& name,
                           const std::vector<PortSpec>& ports, const std::string& cluster_ip = "") {
    auto out = std::make_shared<config::Service>();
    out->meta = meta("Service", ns, name);
    out->selector = {{"app", name}};
    if (!cluster_ip.empty()) out->cluster_ips.push_back(ip(cluster_ip));
    for (const PortSpec& port : ports) {
      config::ServicePort spec;
      spec.name = port.name;
      spec.port = port.port;
      spec.target_port = port.target;
      out->ports.push_back(spec);
    }
    snapshot.services.push_back(out);
    return *out;
  }

  // A Ready pod of `where`, enrolled when that is this node.
  config::Pod& pod(const std::string& ns, const std::string& name, config::Labels labels,
                   const std::string& address, const std::string& where = "node-a") {
    auto out = std::make_shared<config::Pod>();
    out->meta = meta("Pod", ns, name);
    out->meta.labels = std::move(labels);
    out->ips.push_back(ip(address));
    out->node_name = where;
    out->phase = "Running";
    out->ready = true;
    snapshot.pods.push_back(out);
    if (where == node) enrolled.push_back(ns + "/" + name);
    return *out;
  }

  // A Service with one pod behind it, whose name is the Service's with "-1".
  void workload(const std::string& ns, const std::string& name, const std::vector<PortSpec>& ports,
                const std::string& cluster_ip, const std::string& pod_ip,
                const std::string& where = "node-a") {
    service(ns, name, ports, cluster_ip);
    pod(ns, name + "-1", {{"app", name}, {"version", "v1"}}, pod_ip, where);
  }

  config::VirtualService& virtual_service(const std::string& ns, const std::string& name,
                                          std::vector<std::string> hosts,
                                          std::vector<config::HttpRoute> routes,
                                          std::vector<std::string> gateways = {}) {
    auto out = std::make_shared<config::VirtualService>();
    out->meta = meta("VirtualService", ns, name);
    out->hosts = std::move(hosts);
    out->http = std::move(routes);
    out->gateways = std::move(gateways);
    snapshot.virtual_services.push_back(out);
    return *out;
  }

  // Subsets are named by a version label.
  config::DestinationRule& rule(const std::string& ns, const std::string& name, std::string host,
                                const std::vector<std::string>& versions = {}) {
    auto out = std::make_shared<config::DestinationRule>();
    out->meta = meta("DestinationRule", ns, name);
    out->host = std::move(host);
    for (const std::string& version : versions) {
      config::Subset subset;
      subset.name = version;
      subset.labels = {{"version", version}};
      out->subsets.push_back(subset);
    }
    snapshot.destination_rules.push_back(out);
    return *out;
  }

  config::Gateway& gateway(const std::string& ns, const std::string& name, std::uint16_t port,
                           std::vector<std::string> hosts) {
    auto out = std::make_shared<config::Gateway>();
    out->meta = meta("Gateway", ns, name);
    out->selector = {{"istio", "ingressgateway"}};
    config::GatewayServer server;
    server.port = port;
    server.port_name = "http";
    server.protocol = "HTTP";
    server.hosts = std::move(hosts);
    out->servers.push_back(server);
    snapshot.gateways.push_back(out);
    return *out;
  }

  config::Pod& gateway_pod(const std::string& address) {
    config::Pod& out = pod("istio-system", "ingress-1", {{"istio", "ingressgateway"}}, address);
    out.meta.annotations["sockmesh.io/gateway"] = "true";
    return out;
  }

  Built build() const { return plan::build({snapshot, node, 7, enrolled}); }

 private:
  int x_line = 0;
};

// A request as a decoder would give it.
inline http::RequestHead request(
    const std::string& authority, const std::string& path,
    const std::vector<std::pair<std::string, std::string>>& headers = {},
    const std::string& method = "GET") {
  http::RequestHead out;
  out.method = method;
  out.authority = authority;
  out.target = path;
  out.path = path;
  for (const auto& [name, value] : headers) out.headers.add(name, value);
  return out;
}

// Where a client's request goes: the route found through its view's port table.
inline const Route* outbound_route(const RunPlan& plan, const std::string& client,
                                   const http::RequestHead& head, std::uint16_t port = 80) {
  const LocalPod* local = plan.pod(client);
  if (local == nullptr || local->outbound == nullptr) return nullptr;
  const auto found = local->outbound->ports.find(port);
  if (found == local->outbound->ports.end()) return nullptr;
  const VirtualHost* host = found->second.routes.find(head.authority);
  return host == nullptr ? nullptr
                         : find_route(*host, RequestView::of(head, port, local->workload));
}

// The same at a gateway pod.
inline const Route* gateway_route(const RunPlan& plan, const std::string& pod,
                                  const http::RequestHead& head, std::uint16_t port) {
  const auto found = plan.pod(pod)->gateway_ports.find(port);
  if (found == plan.pod(pod)->gateway_ports.end()) return nullptr;
  const VirtualHost* host = found->second.find(head.authority);
  return host == nullptr ? nullptr : find_route(*host, RequestView::of(head, port, nullptr));
}

// The name of a route's first cluster, for short tables; "" without a route.
inline std::string first_cluster(const Route* route) {
  return route == nullptr || route->destinations.empty() ? ""
                                                         : route->destinations.front().cluster_name;
}

inline bool has_finding(const config::Findings& findings, std::string_view code) {
  for (const config::Finding& finding : findings) {
    if (finding.code == code) return true;
  }
  return false;
}

}  // namespace sm::plan
