// SPDX-License-Identifier: Apache-2.0
// Gateways: the pods, ports and credentials that they refer to, and each other's place.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "analysis/analysers.h"

namespace sm::analysis {
namespace {

using config::Gateway;
using config::GatewayServer;
using config::Severity;

// Ports of a Service and of the pods behind it, by which a gateway pod is reached.
std::set<std::uint16_t> ports_served_by(const World& world, const config::Pod& pod) {
  // What Istio's own ingress gateway serves.
  if (world.is_assumed(pod)) return {80, 443, 31400, 15443};
  std::set<std::uint16_t> out;
  for (const config::Service* service : world.services_of(pod.meta.ref.namespace_)) {
    if (!selects(service->selector, pod.meta.labels)) continue;
    for (const config::ServicePort& port : service->ports) {
      if (port.protocol != "TCP") continue;
      out.insert(port.port);
      if (const auto* number = std::get_if<std::uint16_t>(&port.target_port)) out.insert(*number);
    }
  }
  return out;
}

void check_ports(const World& world, const Gateway& gateway,
                 const std::vector<const config::Pod*>& pods, config::Findings& out) {
  std::set<std::uint16_t> served;
  for (const config::Pod* pod : pods) served.merge(ports_served_by(world, *pod));
  for (std::size_t i = 0; i < gateway.servers.size(); ++i) {
    const GatewayServer& server = gateway.servers[i];
    if (server.port == 0 || served.contains(server.port)) continue;
    say(out, code::kPortNotServed, Severity::kWarning,
        {gateway.meta.ref, fmt::format("spec.servers[{}].port.number", i), server.mark},
        fmt::format("no Service of the gateway's pods has port {}", server.port),
        "add the port to the Service of the gateway, or name one that it has");
  }
}

void check_credentials(const World& world, const Gateway& gateway, const config::Pod& pod,
                       config::Findings& out) {
  for (std::size_t i = 0; i < gateway.servers.size(); ++i) {
    const GatewayServer& server = gateway.servers[i];
    if (server.credential.empty()) continue;
    const std::string name = full_name(server.credential, pod.meta.ref.namespace_);
    const Place place{gateway.meta.ref, fmt::format("spec.servers[{}].tls.credentialName", i),
                      server.credential_mark};
    const config::Secret* secret = world.find_secret(name);
    if (secret == nullptr) {
      say(out, code::kDangling, Severity::kError, place, fmt::format("there is no Secret {}", name),
          "add it to the namespace of the gateway's pods");
    } else if (!secret->has_certificate) {
      say(out, code::kBadCredential, Severity::kError, place,
          fmt::format("Secret {} has no certificate that could be read", name),
          "put certificate and key into tls.crt and tls.key");
    }
  }
}

bool same_certificate(const GatewayServer& a, const GatewayServer& b) {
  if (!a.has_tls || !b.has_tls) return false;
  if (!a.credential.empty() || !b.credential.empty()) return a.credential == b.credential;
  return !a.certificate_file.empty() && !a.key_file.empty() &&
         a.certificate_file == b.certificate_file && a.key_file == b.key_file;
}

bool share_certificate(const Gateway& a, const Gateway& b) {
  for (const GatewayServer& one : a.servers) {
    for (const GatewayServer& other : b.servers) {
      if (same_certificate(one, other)) return true;
    }
  }
  return false;
}

// Browsers reuse a connection for every host that its certificate is for, whichever Gateway has it.
void check_certificates(const World& world, const Gateway& gateway, config::Findings& out) {
  for (const auto& other : world.written().gateways) {
    if (other.get() == &gateway || !selects(gateway.selector, other->selector) ||
        !share_certificate(gateway, *other)) {
      continue;
    }
    say(out, code::kCertificateTwice, Severity::kWarning, {gateway.meta.ref, "spec.servers"},
        fmt::format("Gateway {} has a certificate of this one; clients that reuse connections may "
                    "get 404",
                    name_of(other->meta.ref)),
        "give each Gateway its own certificate, or put the servers into one Gateway");
    return;
  }
}

bool same_place(const GatewayServer& a, const GatewayServer& b) {
  if (a.port != b.port || a.bind != b.bind) return false;
  return std::any_of(a.hosts.begin(), a.hosts.end(), [&b](const std::string& host) {
    return std::find(b.hosts.begin(), b.hosts.end(), host) != b.hosts.end();
  });
}

// Gateways, each with its selector as a text.
class Conflicts {
 public:
  explicit Conflicts(const World& world) : x_world(world) {
    for (const auto& gateway : world.written().gateways) {
      x_selectors.push_back(to_text(gateway->selector));
      for (const GatewayServer& server : gateway->servers) {
        x_by_port[server.port].insert(x_selectors.size() - 1);
      }
    }
  }

  void check(std::size_t number, config::Findings& out) const {
    const Gateway& gateway = at(number);
    for (std::size_t i = 0; i < gateway.servers.size(); ++i) {
      const GatewayServer& server = gateway.servers[i];
      std::string others;
      for (const std::size_t other : x_by_port.at(server.port)) {
        if (other == number || !meet(number, other) || !has_place(at(other), server)) continue;
        others += (others.empty() ? "" : ", ") + name_of(at(other).meta.ref);
      }
      if (others.empty()) continue;
      say(out, code::kGatewaysConflict, Severity::kError,
          {gateway.meta.ref, fmt::format("spec.servers[{}].hosts", i), server.mark},
          fmt::format("{} has a host of port {} too, for the same pods", others, server.port),
          "keep each host of a port in one Gateway");
    }
  }

 private:
  const Gateway& at(std::size_t number) const { return *x_world.written().gateways[number]; }

  static bool has_place(const Gateway& gateway, const GatewayServer& server) {
    return std::any_of(gateway.servers.begin(), gateway.servers.end(),
                       [&server](const GatewayServer& other) { return same_place(server, other); });
  }

  // Whether both may be served by one pod: by what they say, or by a pod that is there.
  bool meet(std::size_t a, std::size_t b) const {
    const std::string& one = x_selectors[a];
    const std::string& other = x_selectors[b];
    if (one == other) return true;
    if (one.find(other) == std::string::npos && other.find(one) == std::string::npos) return false;
    const auto pods = x_world.pods_with(at(a).selector);
    return std::any_of(pods.begin(), pods.end(), [&](const config::Pod* pod) {
      return selects(at(b).selector, pod->meta.labels);
    });
  }

  const World& x_world;
  std::vector<std::string> x_selectors;
  std::map<std::uint16_t, std::set<std::size_t>> x_by_port;
};

}  // namespace

void analyze_gateways(const World& world, config::Findings& out) {
  const Conflicts conflicts(world);
  const auto& gateways = world.written().gateways;
  for (std::size_t i = 0; i < gateways.size(); ++i) {
    const Gateway& gateway = *gateways[i];
    const auto pods = world.pods_with(gateway.selector);
    if (pods.empty()) {
      say(out, code::kDangling, Severity::kError,
          {gateway.meta.ref, "spec.selector", gateway.selector_mark},
          fmt::format("no pod has the labels {}", to_text(gateway.selector)),
          "select the pods of a gateway that exists");
    } else {
      check_ports(world, gateway, pods, out);
      check_credentials(world, gateway, *pods.front(), out);
    }
    check_certificates(world, gateway, out);
    conflicts.check(i, out);
  }
}

}  // namespace sm::analysis
