// SPDX-License-Identifier: Apache-2.0
// VirtualServices of the mesh that claim the same host for the same namespaces.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/analysers.h"
#include "config/istio_names.h"

namespace sm::analysis {
namespace {

using config::VirtualService;
using Claims = std::vector<const VirtualService*>;

bool is_for_mesh(const VirtualService& service) {
  const auto& gateways = service.gateways;
  return gateways.empty() || std::find(gateways.begin(), gateways.end(), "mesh") != gateways.end();
}

class Hosts {
 public:
  explicit Hosts(const World& world) {
    for (const auto& service : world.written().virtual_services) {
      if (is_for_mesh(*service)) add(*service);
    }
  }

  void say_conflicts(config::Findings& out) const {
    std::set<const VirtualService*> told;
    for (const auto& [key, own] : x_claims) {
      Claims all = own;
      if (key.first != "*") add_public(key.second, all);
      if (all.size() < 2) continue;
      std::set<std::string> names;
      for (const VirtualService* service : all) names.insert(name_of(service->meta.ref));
      for (const VirtualService* service : all) {
        if (told.insert(service).second) say_one(*service, key.second, names, out);
      }
    }
  }

 private:
  void add(const VirtualService& service) {
    const std::string& space = service.meta.ref.namespace_;
    for (const std::string& scope : scopes_of(service.export_to, space)) {
      for (const std::string& host : service.hosts) {
        const std::string fqdn = to_fqdn(host, space);
        Claims& claims = x_claims[{scope, fqdn}];
        if (claims.empty() && scope == "*" && fqdn.starts_with('*')) x_wildcards.push_back(fqdn);
        claims.push_back(&service);
      }
    }
  }

  // What everybody sees meets what one namespace sees, wildcards too.
  void add_public(const std::string& host, Claims& all) const {
    const auto add_all = [&](const std::string& name) {
      const auto found = x_claims.find({"*", name});
      if (found != x_claims.end()) {
        all.insert(all.end(), found->second.begin(), found->second.end());
      }
    };
    if (!host.starts_with('*')) {
      add_all(host);
      for (const std::string& wildcard : x_wildcards) {
        if (config::hosts_overlap(host, wildcard)) add_all(wildcard);
      }
      return;
    }
    for (const auto& [key, claims] : x_claims) {
      if (key.first == "*" && config::hosts_overlap(host, key.second)) add_all(key.second);
    }
  }

  static void say_one(const VirtualService& service, const std::string& host,
                      const std::set<std::string>& names, config::Findings& out) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    say(out, code::kHostTwice, config::Severity::kError,
        {service.meta.ref, "spec.hosts", service.hosts_mark},
        fmt::format("host {} is claimed by {}; the oldest is used in the mesh", host, list),
        "put the routes of one host into one VirtualService");
  }

  std::map<std::pair<std::string, std::string>, Claims> x_claims;  // scope, host
  std::vector<std::string> x_wildcards;                            // of scope "*"
};

}  // namespace

void analyze_mesh_hosts(const World& world, config::Findings& out) {
  Hosts(world).say_conflicts(out);
}

}  // namespace sm::analysis
