// SPDX-License-Identifier: Apache-2.0
#include "plan/gateways.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "plan/naming.h"

namespace sm::plan {

namespace {

bool is_plain_http(const config::GatewayServer& server) {
  if (server.has_tls) return false;
  const std::string& protocol = server.protocol;
  return protocol == "HTTP" || protocol == "HTTP2" || protocol == "GRPC" ||
         protocol == "GRPC-WEB" || protocol == "HTTP_PROXY";
}

// The server's hosts that VirtualServices of `home` may use, without their namespace part.
std::vector<std::string> hosts_for(const config::GatewayServer& server,
                                   const std::string& gateway_namespace, const std::string& home) {
  std::vector<std::string> out;
  for (const std::string& entry : server.hosts) {
    const std::size_t slash = entry.find('/');
    const std::string_view host =
        std::string_view(entry).substr(slash == std::string::npos ? 0 : slash + 1);
    const std::string_view owner = slash == std::string::npos
                                       ? std::string_view("*")
                                       : std::string_view(entry).substr(0, slash);
    const bool usable = owner == "*" || (owner == "." ? gateway_namespace == home : owner == home);
    if (usable) out.push_back(to_lower(host));
  }
  return out;
}

std::vector<std::string> resolved_hosts(const config::VirtualService& from) {
  std::vector<std::string> out;
  for (const std::string& host : from.hosts)
    out.push_back(resolve_host(host, from.meta.ref.namespace_));
  return out;
}

}  // namespace

// What is gathered for one port of the pod before it becomes a table.
struct GatewayBuilder::OpenPort {
  std::uint16_t server_port = 0;  // of the oldest server
  std::vector<std::unique_ptr<VirtualHost>> hosts;
  std::map<std::string, VirtualHost*> by_domain;
  std::set<std::tuple<const config::VirtualService*, std::string, std::string>>
      done;  // VirtualService, gateway, domain

  VirtualHost& host(const std::string& domain, std::uint16_t port) {
    VirtualHost*& place = by_domain[domain];
    if (place == nullptr) {
      place = hosts.emplace_back(std::make_unique<VirtualHost>()).get();
      place->name = domain + ":" + std::to_string(port);
      place->domains = {domain};
    }
    return *place;
  }
};

GatewayBuilder::GatewayBuilder(const config::Snapshot& snapshot, const ServiceIndex& services,
                               RouteBuilder& routes)
    : x_services(services), x_routes(routes) {
  for (const auto& gateway : snapshot.gateways) x_gateways.push_back(gateway.get());
  std::sort(x_gateways.begin(), x_gateways.end(),
            [](const auto* a, const auto* b) { return is_older(a->meta, b->meta); });
  for (const auto& from : snapshot.virtual_services) {
    for (const std::string& gateway : from->gateways) {
      if (gateway == kMeshGateway) continue;
      x_virtual_services[resolve_gateway(gateway, from->meta.ref.namespace_)].push_back(from.get());
    }
  }
  for (auto& [gateway, attached] : x_virtual_services) {
    std::sort(attached.begin(), attached.end(),
              [](const auto* a, const auto* b) { return is_older(a->meta, b->meta); });
  }
}

std::unordered_map<std::uint16_t, RouteTable> GatewayBuilder::build(const KnownPod& pod) {
  std::map<std::uint16_t, OpenPort> open;
  for (const config::Gateway* gateway : x_gateways) {
    if (!has_labels(pod.workload->labels, gateway->selector)) continue;
    for (const config::GatewayServer& server : gateway->servers) {
      if (!is_plain_http(server)) continue;
      OpenPort& port = open[translate(pod.workload, server.port)];
      if (port.server_port == 0) port.server_port = server.port;
      add_server(*gateway, server, pod, port);
    }
  }
  std::unordered_map<std::uint16_t, RouteTable> out;
  for (auto& [number, port] : open) {
    RouteTable& table = out[number];
    if (port.hosts.empty()) {
      // Nothing is attached: 404 for everything.
      auto none = std::make_shared<VirtualHost>();
      none->name = "blackhole:" + std::to_string(port.server_port);
      none->domains = {"*"};
      table.add("*", std::move(none));
    }
    for (std::unique_ptr<VirtualHost>& host : port.hosts) {
      // A catch-all of one VirtualService must not hide what another one says about the same host.
      std::stable_partition(host->routes.begin(), host->routes.end(),
                            [](const Route& route) { return !route.match.matches_all(); });
      const std::string domain = host->domains.front();
      table.add(domain, std::shared_ptr<const VirtualHost>(std::move(host)));
    }
  }
  return out;
}

void GatewayBuilder::add_server(const config::Gateway& gateway, const config::GatewayServer& server,
                                const KnownPod& pod, OpenPort& into) {
  const config::ObjectRef& ref = gateway.meta.ref;
  const std::string name = ref.namespace_ + "/" + ref.name;
  const auto attached = x_virtual_services.find(name);
  if (attached == x_virtual_services.end()) return;
  const RouteScope scope{pod.workload->namespace_, name, server.port, nullptr, pod.workload};
  for (const config::VirtualService* from : attached->second) {
    const std::string& owner = from->meta.ref.namespace_;
    if (!exported_to(from->export_to, owner, pod.workload->namespace_)) continue;
    const auto domains =
        intersect_hosts(hosts_for(server, ref.namespace_, owner), resolved_hosts(*from));
    if (domains.empty()) continue;
    const std::vector<Route> routes = x_routes.build(*from, scope);
    for (const std::string& domain : domains) {
      // Two servers of one Gateway on one port attach the same VirtualService; once is enough.
      if (!into.done.emplace(from, name, domain).second) continue;
      VirtualHost& host = into.host(domain, server.port);
      host.routes.insert(host.routes.end(), routes.begin(), routes.end());
    }
  }
}

std::uint16_t GatewayBuilder::translate(const Workload* workload, std::uint16_t port) const {
  for (const ServedPort& served : x_services.served_by(workload)) {
    if (served.port->spec->port == port) return served.target;
  }
  return port;
}

}  // namespace sm::plan
