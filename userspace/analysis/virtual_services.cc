// SPDX-License-Identifier: Apache-2.0
// VirtualServices: destinations, subsets, gateways and JWT claims that they refer to.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/analysers.h"
#include "config/istio_names.h"

namespace sm::analysis {
namespace {

using config::Severity;
using config::VirtualService;

constexpr std::string_view kMesh = "mesh";
constexpr std::string_view kServiceSuffix = ".svc.cluster.local";

std::vector<const config::Destination*> destinations_of(const VirtualService& service) {
  std::vector<const config::Destination*> out;
  for (const auto* routes : {&service.tcp, &service.tls}) {
    for (const config::L4Route& route : *routes) {
      for (const auto& to : route.route) out.push_back(&to.destination);
    }
  }
  for (const config::HttpRoute& route : service.http) {
    for (const auto& to : route.route) out.push_back(&to.destination);
    if (route.mirror) out.push_back(&*route.mirror);
    for (const auto& mirror : route.further_mirrors) out.push_back(&mirror);
  }
  return out;
}

class References {
 public:
  References(const World& world, config::Findings& out) : x_world(world), x_out(out) {
    for (const auto& rule : world.written().destination_rules) {
      for (const config::Subset& subset : rule->subsets) {
        x_subsets.emplace(service_of(rule->host, rule->meta.ref.namespace_), subset.name);
      }
    }
  }

  void check(const VirtualService& service) {
    for (const config::Destination* destination : destinations_of(service)) {
      if (destination->host.empty()) continue;
      check_host(service, *destination);
      check_subset(service, *destination);
    }
  }

 private:
  // A Service is one whether it is named shortly or in full.
  static std::string service_of(const std::string& host, const std::string& namespace_name) {
    return host.ends_with(kServiceSuffix) ? host
                                          : host + "." + namespace_name + ".svc.cluster.local";
  }

  // Who dials one of the hosts comes to the same Service at the port that was dialled.
  static bool keeps_the_port(const VirtualService& service, const config::Destination& to) {
    const std::string& space = service.meta.ref.namespace_;
    const std::string target = to_fqdn(to.host, space);
    return service.gateways.empty() &&
           std::all_of(service.hosts.begin(), service.hosts.end(),
                       [&](const std::string& host) { return to_fqdn(host, space) == target; }) &&
           !service.hosts.empty();
  }

  void check_host(const VirtualService& service, const config::Destination& to) {
    const config::ObjectRef& ref = service.meta.ref;
    const KnownHost* known = x_world.find_host(to.host, ref.namespace_, service.export_to);
    if (known == nullptr) {
      say(x_out, code::kDangling, Severity::kError, {ref, to.path + ".host", to.mark},
          fmt::format("there is no Service or ServiceEntry for host {}", to.host),
          "name one that exists and that this namespace may see");
      return;
    }
    if (!to.port) {
      if (known->ports.size() < 2 || keeps_the_port(service, to)) return;
      say(x_out, code::kPortNeeded, Severity::kError, {ref, to.path + ".port", to.mark},
          fmt::format("{} has {} ports, and the destination names none", to.host,
                      known->ports.size()),
          "write port: {number: ...}");
      return;
    }
    if (std::find(known->ports.begin(), known->ports.end(), *to.port) != known->ports.end()) return;
    say(x_out, code::kDangling, Severity::kError, {ref, to.path + ".port.number", to.mark},
        fmt::format("{} has no port {}", to.host, *to.port), "name a port of the Service");
  }

  void check_subset(const VirtualService& service, const config::Destination& to) {
    const config::ObjectRef& ref = service.meta.ref;
    if (to.subset.empty() || x_subsets.contains({service_of(to.host, ref.namespace_), to.subset}))
      return;
    say(x_out, code::kDangling, Severity::kError, {ref, to.path + ".subset", to.subset_mark},
        fmt::format("no DestinationRule defines subset {} of {}", to.subset, to.host),
        "define it, or leave subset out");
  }

  const World& x_world;
  config::Findings& x_out;
  std::set<std::pair<std::string, std::string>> x_subsets;
};

template <class Use>
void each_http_destination(const VirtualService& service, Use use) {
  for (const config::HttpRoute& route : service.http) {
    for (const auto& to : route.route) use(to.destination);
  }
}

// The VirtualServices that choose a subset of a host of their own, by that host.
std::map<std::string, const VirtualService*> subsets_of_hosts(const World& world) {
  std::map<std::string, const VirtualService*> split;
  for (const auto& service : world.written().virtual_services) {
    const auto& hosts = service->hosts;
    each_http_destination(*service, [&](const config::Destination& to) {
      if (!to.subset.empty() && std::find(hosts.begin(), hosts.end(), to.host) != hosts.end())
        split.emplace(to.host, service.get());
    });
  }
  return split;
}

// Subsets that a VirtualService of the mesh chooses do not count for one of a gateway that sends to
// the same host.
void check_mesh_subsets(const World& world, config::Findings& out) {
  const std::map<std::string, const VirtualService*> split = subsets_of_hosts(world);
  for (const auto& service : world.written().virtual_services) {
    if (service->gateways.empty()) continue;
    each_http_destination(*service, [&](const config::Destination& to) {
      const auto found = split.find(to.host);
      if (!to.subset.empty() || found == split.end()) return;
      say(out, code::kSubsetOfMeshOnly, Severity::kWarning,
          {service->meta.ref, to.path + ".host", to.mark},
          fmt::format("the subsets that {} chooses for {} do not count at the gateway",
                      name_of(found->second->meta.ref), to.host),
          "name the subset here as well");
    });
  }
}

// The hosts of the server that VirtualServices of `home` may use, without their namespace.
void add_hosts_for(const config::GatewayServer& server, const std::string& gateway_namespace,
                   const std::string& home, std::vector<std::string>& out) {
  for (const std::string& entry : server.hosts) {
    const std::size_t slash = entry.find('/');
    if (slash == std::string::npos) {
      out.push_back(entry);
      continue;
    }
    const std::string scope = entry.substr(0, slash);
    const bool usable = scope == "*" || (scope == "." ? gateway_namespace : scope) == home;
    if (usable) out.push_back(entry.substr(slash + 1));
  }
}

bool any_overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (const std::string& one : a) {
    for (const std::string& other : b) {
      if (config::hosts_overlap(one, other)) return true;
    }
  }
  return false;
}

bool gateway_takes(const World& world, const std::string& name, const VirtualService& service) {
  std::vector<std::string> hosts;
  if (const config::Gateway* gateway = world.find_gateway(name)) {
    const config::ObjectRef& ref = gateway->meta.ref;
    for (const config::GatewayServer& server : gateway->servers) {
      add_hosts_for(server, ref.namespace_, service.meta.ref.namespace_, hosts);
    }
  } else if (const config::KubeGateway* kube = world.find_kube_gateway(name)) {
    if (kube->takes_all_hosts) return true;
    hosts = kube->hostnames;
  }
  return any_overlap(hosts, service.hosts);
}

void check_gateways(const World& world, const VirtualService& service, config::Findings& out) {
  const config::ObjectRef& ref = service.meta.ref;
  for (std::size_t i = 0; i < service.gateways.size(); ++i) {
    const std::string& name = service.gateways[i];
    if (name == kMesh) continue;
    const Place place{ref, fmt::format("spec.gateways[{}]", i), service.gateway_marks[i]};
    const std::size_t slash = name.find('/');
    if (name.find("~gateway~", slash == std::string::npos ? 0 : slash) != std::string::npos) {
      say(out, code::kInternalGateway, Severity::kWarning, place,
          fmt::format("{} is a gateway that Istio makes for itself", name),
          "name the Gateway that it is made from");
      continue;
    }
    const std::string full = full_name(name, ref.namespace_);
    if (world.find_gateway(full) == nullptr && world.find_kube_gateway(full) == nullptr) {
      say(out, code::kDangling, Severity::kError, place,
          fmt::format("there is no Gateway {}", full), "name one that exists, as namespace/name");
    }
    if (gateway_takes(world, full, service)) continue;
    say(out, code::kHostNotOnGateway, Severity::kWarning, place,
        fmt::format("Gateway {} has none of the hosts of this VirtualService", full),
        "name the host among the hosts of a server of the Gateway");
  }
}

void check_claims(const World& world, const VirtualService& service, config::Findings& out) {
  const config::HttpMatch* asks = nullptr;
  std::string path;
  for (std::size_t i = 0; i < service.http.size() && asks == nullptr; ++i) {
    for (std::size_t m = 0; m < service.http[i].match.size() && asks == nullptr; ++m) {
      if (service.http[i].match[m].claims.empty()) continue;
      asks = &service.http[i].match[m];
      path = fmt::format("spec.http[{}].match[{}]", i, m);
    }
  }
  if (asks == nullptr) return;
  using Kind = config::SecurityPolicy::Kind;
  const auto authenticated = [&world](const config::Pod& pod) {
    const auto& policies = world.written().security_policies;
    return std::any_of(policies.begin(), policies.end(), [&](const auto& policy) {
      const std::string& space = policy->meta.ref.namespace_;
      const bool near =
          space == world.snapshot().mesh.root_namespace || space == pod.meta.ref.namespace_;
      return policy->kind == Kind::kRequestAuthentication && near &&
             selects(policy->selector, pod.meta.labels);
    });
  };
  for (const std::string& name : service.gateways) {
    const config::Gateway* gateway =
        name == kMesh ? nullptr : world.find_gateway(full_name(name, service.meta.ref.namespace_));
    if (gateway == nullptr) continue;
    for (const config::Pod* pod : world.pods_with(gateway->selector)) {
      if (authenticated(*pod)) continue;
      say(out, code::kClaimsWithoutAuthentication, Severity::kError,
          {service.meta.ref, path, asks->mark},
          fmt::format("routes by {}, and no RequestAuthentication selects gateway pod {}",
                      asks->claims.front(), name_of(pod->meta.ref)),
          "add a RequestAuthentication that selects the gateway's pods");
    }
  }
}

}  // namespace

void analyze_virtual_services(const World& world, config::Findings& out) {
  References references(world, out);
  for (const auto& service : world.written().virtual_services) {
    references.check(*service);
    check_gateways(world, *service, out);
    check_claims(world, *service, out);
  }
  check_mesh_subsets(world, out);
}

}  // namespace sm::analysis
