// SPDX-License-Identifier: Apache-2.0
#include "plan/virtual_hosts.h"

#include <algorithm>

#include "plan/naming.h"

namespace sm::plan {

namespace {

constexpr std::uint64_t kNoCluster = UINT64_MAX;
constexpr std::uint16_t kPlainHttpPort =
    80;  // where hosts that are no Service are served (as Istio does)

bool may_be_http(const KnownPort& port) { return port.protocol != Protocol::kTcp; }

std::vector<std::string> domains_of(const KnownService& service, bool same_namespace) {
  const config::ObjectRef& ref = service.service->meta.ref;
  const std::string qualified = to_lower(ref.name) + "." + ref.namespace_;
  std::vector<std::string> out{service.fqdn, service.fqdn + "."};
  if (same_namespace) out.push_back(to_lower(ref.name));
  out.push_back(qualified);
  out.push_back(qualified + ".svc");
  for (const IpAddress& ip : service.service->cluster_ips) out.push_back(address_domain(ip));
  if (service.service->headless) out.push_back("*." + service.fqdn);
  return out;
}

void add_to_table(const std::shared_ptr<const VirtualHost>& host, RouteTable& table) {
  for (const std::string& domain : host->domains) table.add(domain, host);
}

std::shared_ptr<const VirtualHost> fallback_host(bool registry_only, const Cluster* passthrough) {
  auto out = std::make_shared<VirtualHost>();
  out->name = registry_only ? "block_all" : "allow_any";
  out->domains = {"*"};
  Route route;
  route.name = out->name;
  route.origin.kind.clear();
  if (registry_only) {
    route.direct = DirectAnswer{502, ""};
  } else {
    route.destinations.push_back({passthrough->name, passthrough, 100, {}, {}, {}});
    route.total_weight = 100;
  }
  out->routes.push_back(std::move(route));
  return out;
}

// The conditions on clients that all routes have; empty when one of them is for every client.
std::vector<ClientCondition> client_conditions(const std::vector<Route>& routes) {
  std::vector<ClientCondition> out;
  for (const Route& route : routes) {
    if (route.match.source_labels.empty() && route.match.source_namespace.empty()) return {};
    out.push_back({route.match.source_labels, route.match.source_namespace});
  }
  return out;
}

}  // namespace

ViewBuilder::ViewBuilder(const config::Snapshot& snapshot, const ServiceIndex& services,
                         ClusterStore& clusters, RouteBuilder& routes, FindingSet& findings)
    : x_services(services),
      x_clusters(clusters),
      x_routes(routes),
      x_findings(findings),
      x_mesh(snapshot),
      x_fallback(fallback_host(snapshot.mesh.registry_only, clusters.passthrough())) {}

std::unique_ptr<const OutboundView> ViewBuilder::build(const std::string& client_namespace) {
  auto out = std::make_unique<OutboundView>();
  out->namespace_ = client_namespace;
  const MeshHosts hosts(x_mesh, x_services, client_namespace, x_findings);
  add_service_hosts(hosts, *out);
  add_fallback(*out);
  return out;
}

void ViewBuilder::add_service_hosts(const MeshHosts& hosts, OutboundView& view) {
  std::vector<ServiceHost> all;
  all.reserve(hosts.services().size());
  for (const KnownService* service : hosts.services()) {
    for (const KnownPort& port : service->ports) {
      const HostPointer host =
          may_be_http(port) ? host_of_service(hosts, *service, port, view.namespace_) : nullptr;
      all.push_back({service, &port, host});
      OutboundPort& there = view.ports[port.spec->port];
      there.http = there.http || port.protocol == Protocol::kHttp;
      // What a VirtualService says goes before what services say of themselves.
      if (host != nullptr && hosts.owner_of(*service) != nullptr) add_to_table(host, there.routes);
    }
  }
  add_other_hosts(hosts, view);
  for (const ServiceHost& each : all) {
    if (each.host != nullptr) add_to_table(each.host, view.ports[each.port->spec->port].routes);
  }
  add_addresses(all, view);
}

// Hosts of VirtualServices that are no Service: on the HTTP ports of the VirtualService's services,
// without any on port 80.
void ViewBuilder::add_other_hosts(const MeshHosts& hosts, OutboundView& view) {
  for (const MeshHosts::Claim& claim : hosts.claims()) {
    if (claim.others.empty()) continue;
    std::vector<std::uint16_t> ports;
    for (const KnownService* service : claim.services) {
      for (const KnownPort& port : service->ports) {
        const std::uint16_t number = port.spec->port;
        if (may_be_http(port) && std::find(ports.begin(), ports.end(), number) == ports.end())
          ports.push_back(number);
      }
    }
    if (ports.empty()) ports.push_back(kPlainHttpPort);
    for (const std::uint16_t port : ports) {
      const RouteScope scope{view.namespace_, std::string(kMeshGateway), port, nullptr, nullptr};
      if (!x_routes.has_routes(*claim.from->from, scope)) continue;
      for (const std::string& host : claim.others) {
        add_to_table(routed_host(*claim.from, nullptr, host, scope, nullptr),
                     view.ports[port].routes);
      }
    }
  }
}

void ViewBuilder::add_fallback(OutboundView& view) const {
  for (auto& [number, port] : view.ports) {
    if (port.http || !port.routes.hosts().empty()) port.routes.add("*", x_fallback);
  }
}

void ViewBuilder::add_addresses(const std::vector<ServiceHost>& all, OutboundView& view) {
  for (const ServiceHost& each : all) {
    OutboundPort::Target target;
    target.protocol = each.port->protocol;
    target.cluster = x_clusters.whole(view.namespace_, *each.service, *each.port,
                                      ClusterStore::Pick::kKeepDestination);
    if (target.protocol == Protocol::kAuto) target.routes = table_of(each.host);
    if (each.service->service->headless) {
      add_headless(each, target, view);
      continue;
    }
    for (const IpAddress& ip : each.service->service->cluster_ips) {
      view.ports[each.port->spec->port].by_address.try_emplace(ip, target);
    }
  }
}

void ViewBuilder::add_headless(const ServiceHost& from, const OutboundPort::Target& target,
                               OutboundView& view) {
  for (const Endpoint& endpoint : from.port->endpoints) {
    // On another port than the service's, HTTP is not told by the Host header: there are no virtual
    // hosts there.
    if (target.protocol == Protocol::kHttp && endpoint.address.port != from.port->spec->port)
      continue;
    auto& by_address = view.ports[endpoint.address.port].by_address;
    by_address.try_emplace(endpoint.address.ip, target);
    if (endpoint.other) by_address.try_emplace(*endpoint.other, target);
  }
}

ViewBuilder::HostPointer ViewBuilder::host_of_service(const MeshHosts& hosts,
                                                      const KnownService& service,
                                                      const KnownPort& port,
                                                      const std::string& client_namespace) {
  const Cluster* own =
      x_clusters.whole(client_namespace, service, port, ClusterStore::Pick::kKeepDestination);
  const MeshVirtualService* owner = hosts.owner_of(service);
  const RouteScope scope{client_namespace, std::string(kMeshGateway), port.spec->port, &service,
                         nullptr};
  if (owner != nullptr && x_routes.has_routes(*owner->from, scope))
    return routed_host(*owner, &service, service.fqdn, scope, own);
  return default_host(service, port, *own, service.namespace_() == client_namespace);
}

ViewBuilder::HostPointer ViewBuilder::routed_host(const MeshVirtualService& from,
                                                  const KnownService* service,
                                                  const std::string& host, const RouteScope& scope,
                                                  const Cluster* own) {
  const bool same_namespace = service != nullptr && service->namespace_() == scope.client_namespace;
  HostKey key{from.number + std::uint64_t{1}, std::hash<std::string>{}(host), scope.port,
              same_namespace ? 1U : 0U};
  key.push_back(own == nullptr ? kNoCluster : own->id);
  for (const Cluster* cluster : x_routes.clusters_of(*from.from, scope))
    key.push_back(cluster == nullptr ? kNoCluster : cluster->id);
  if (const auto known = x_known.find(key);
      known != x_known.end() && known->second->domains.front() == host)
    return known->second;

  auto out = std::make_shared<VirtualHost>();
  out->name = host + ":" + std::to_string(scope.port);
  out->domains =
      service == nullptr ? std::vector<std::string>{host} : domains_of(*service, same_namespace);
  out->routes = x_routes.build(*from.from, scope);
  if (service != nullptr && own != nullptr) {
    auto conditions = client_conditions(out->routes);
    if (!conditions.empty()) {
      Route otherwise = RouteBuilder::default_route(*service, *own);
      otherwise.match.unless_client = std::move(conditions);
      out->routes.push_back(std::move(otherwise));
    }
  }
  x_known[std::move(key)] = out;
  return out;
}

ViewBuilder::HostPointer ViewBuilder::default_host(const KnownService& service,
                                                   const KnownPort& port, const Cluster& cluster,
                                                   bool same_namespace) {
  HostKey key{0, cluster.id, same_namespace ? 1U : 0U};
  HostPointer& place = x_known[std::move(key)];
  if (place != nullptr) return place;
  auto out = std::make_shared<VirtualHost>();
  out->name = service.fqdn + ":" + std::to_string(port.spec->port);
  out->domains = domains_of(service, same_namespace);
  out->routes.push_back(RouteBuilder::default_route(service, cluster));
  place = std::move(out);
  return place;
}

std::shared_ptr<const RouteTable> ViewBuilder::table_of(const HostPointer& host) {
  auto& place = x_tables[host.get()];
  if (place == nullptr) {
    auto table = std::make_shared<RouteTable>();
    table->add("*", host);
    place = std::move(table);
  }
  return place;
}

}  // namespace sm::plan
