// SPDX-License-Identifier: Apache-2.0
// Services and ServiceEntries: names and protocols of their ports.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "analysis/analysers.h"
#include "base/text.h"
#include "config/istio_names.h"

namespace sm::analysis {
namespace {

using config::Severity;

bool is_well_known(std::uint16_t port) {
  return port == 25 || port == 53 || port == 3306 || port == 27017;
}

bool has_protocol(const config::ServicePort& port) {
  if (port.protocol == "UDP") return true;
  std::string_view name = port.app_protocol.empty() ? port.name : port.app_protocol;
  if (!port.app_protocol.empty() &&
      (name == "kubernetes.io/h2c" || name == "kubernetes.io/ws" || name == "kubernetes.io/wss")) {
    return true;
  }
  if (starts_with_ignoring_case(name, "grpc-web")) return true;
  name = name.substr(0, name.find('-'));
  return config::protocol_of(name).known || is_well_known(port.port);
}

// Services that Istio makes or is made of.
bool is_istios_own(const config::Service& service) {
  const auto value = [&service](const char* name) {
    const auto found = service.meta.labels.find(name);
    return found == service.meta.labels.end() ? std::string() : found->second;
  };
  return service.meta.labels.contains("istio") || value("release") == "istio" ||
         value("gateway.istio.io/managed").starts_with("istio.io-");
}

void check_ports(const config::Service& service, config::Findings& out) {
  const bool external = service.type == "ExternalName";
  for (std::size_t i = 0; i < service.ports.size(); ++i) {
    const config::ServicePort& port = service.ports[i];
    if (has_protocol(port) && !(external && port.name == "tcp")) continue;
    const Place place{service.meta.ref, fmt::format("spec.ports[{}].name", i), port.mark};
    if (external) {
      say(out, code::kExternalNamePort, Severity::kWarning, place,
          fmt::format("port {} of an ExternalName Service has no protocol to route by", port.port),
          "name the port http, tls or the like");
    } else {
      say(out, code::kPortName, Severity::kInfo, place,
          fmt::format("port {} does not say its protocol: \"{}\"", port.port, port.name),
          "name the port protocol-name, as http-web, or set appProtocol");
    }
  }
}

void check_addresses(const config::ServiceEntry& entry, config::Findings& out) {
  for (std::size_t i = 0; i < entry.ports.size(); ++i) {
    const config::ServiceEntry::Port& port = entry.ports[i];
    if (!port.protocol.empty() && !equals_ignoring_case(port.protocol, "TCP")) continue;
    say(out, code::kAddressesNeeded, Severity::kWarning,
        {entry.meta.ref, fmt::format("spec.ports[{}].protocol", i), port.mark},
        fmt::format("TCP on port {} cannot be told from other TCP without addresses", port.number),
        "write addresses, or a protocol that has host names");
  }
}

class PortProtocols {
 public:
  explicit PortProtocols(const World& world) {
    for (const auto& entry : world.written().service_entries) {
      for (const std::string& scope : scopes_of(entry->export_to, entry->meta.ref.namespace_))
        add(*entry, scope);
    }
  }

  void say_conflicts(config::Findings& out) const {
    std::set<const config::ServiceEntry*> told;
    for (const auto& [key, own] : x_entries) {
      std::vector<Use> all = own;
      const auto& [scope, host, port] = key;
      const auto everywhere = x_entries.find({"*", host, port});
      if (scope != "*" && everywhere != x_entries.end()) {
        all.insert(all.end(), everywhere->second.begin(), everywhere->second.end());
      }
      std::set<std::string> protocols;
      for (const Use& use : all) protocols.insert(to_lower(use.protocol));
      if (protocols.size() < 2) continue;
      for (const Use& use : all) {
        if (!told.insert(use.entry).second) continue;
        say(out, code::kServiceEntriesConflict, Severity::kWarning,
            {use.entry->meta.ref, "spec.ports"},
            fmt::format("port {} of {} has another protocol in another ServiceEntry", port, host),
            "give the port one protocol");
      }
    }
  }

 private:
  void add(const config::ServiceEntry& entry, const std::string& scope) {
    for (const std::string& host : entry.hosts) {
      for (const auto& port : entry.ports)
        x_entries[{scope, host, port.number}].push_back({&entry, port.protocol});
    }
  }

  struct Use {
    const config::ServiceEntry* entry = nullptr;
    std::string protocol;
  };
  std::map<std::tuple<std::string, std::string, std::uint16_t>, std::vector<Use>> x_entries;
};

}  // namespace

void analyze_services(const World& world, config::Findings& out) {
  for (const auto& service : world.snapshot().services) {
    if (!is_istios_own(*service)) check_ports(*service, out);
  }
}

void analyze_service_entries(const World& world, config::Findings& out) {
  const bool allocated = world.snapshot().mesh.allocates_addresses;
  for (const auto& entry : world.written().service_entries) {
    if (!allocated && entry->addresses.empty() && !entry->has_allocated_addresses) {
      check_addresses(*entry, out);
    }
  }
  PortProtocols(world).say_conflicts(out);
}

}  // namespace sm::analysis
