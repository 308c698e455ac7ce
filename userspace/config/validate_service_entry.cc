// SPDX-License-Identifier: Apache-2.0
// What a ServiceEntry and a WorkloadEntry have to keep to.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/ip.h"
#include "base/text.h"
#include "config/istio_names.h"
#include "config/judge.h"
#include "config/scalars.h"
#include "config/validate.h"

namespace sm::config {
namespace {

using Names = std::set<std::string>;

void validate_ports_of(const View& endpoint, const Names* services, Reporter& report) {
  const Judge judge(endpoint, report);
  const Node* ports = endpoint.raw("ports");
  if (ports == nullptr) return;
  for (const Member& port : ports->members) {
    const std::int64_t number = integer_of(port.value).value_or(0);
    if (services != nullptr && !services->contains(port.key)) {
      judge.refuse("ports", port.mark, fmt::format("the service has no port \"{}\"", port.key),
                   "name one of spec.ports");
    }
    if (!is_istio_label(port.key)) {
      judge.refuse("ports", port.mark, fmt::format("\"{}\" is no name of a port", port.key),
                   "use letters, digits and dashes");
    }
    if (number < 1 || number > 65535) {
      judge.refuse("ports", port.mark,
                   fmt::format("port {} is not in the range 1 to 65535", number),
                   "write a port from 1 to 65535");
    }
  }
}

void validate_address_of(const View& endpoint, bool host_names, const Names* services,
                         Reporter& report) {
  const Judge judge(endpoint, report);
  const std::string address = endpoint.text("address");
  if (address.empty()) {
    if (endpoint.text("network").empty()) {
      judge.refuse("address", "an endpoint needs an address", "write address");
    } else {
      judge.warn("address", "the endpoint has a network and no address", "write address");
    }
    return;
  }
  if (address.starts_with(kUnixPrefix)) {
    if (!is_unix_path(address.substr(kUnixPrefix.size()))) {
      judge.refuse("address", "the path of a Unix socket has to be absolute, of a file",
                   "write unix:///path/of/the/socket");
    }
    if (endpoint.size("ports") > 0) {
      judge.refuse("ports", "a Unix socket has no ports", "remove ports");
    }
    if (services != nullptr && services->size() != 1) {
      judge.refuse("address", "a Unix socket serves exactly one port", "keep one of spec.ports");
    }
  } else if (!IpAddress::parse(address) && !(host_names && is_fqdn(address))) {
    judge.refuse("address", fmt::format("\"{}\" is no address", address),
                 host_names ? "write an IP address or a host name" : "write an IP address");
  }
}

void validate_entry(const View& endpoint, bool host_names, const Names* services,
                    Reporter& report) {
  validate_address_of(endpoint, host_names, services, report);
  validate_ports_of(endpoint, services, report);
  validate_labels(endpoint, "labels", report);
}

Names validate_service_ports(const View& spec, Reporter& report) {
  Names names;
  std::set<std::int64_t> numbers;
  for (const View& port : spec.list("ports")) {
    const Judge judge(port, report);
    const std::string name = port.text("name");
    if (!names.insert(name).second) {
      judge.refuse("name", fmt::format("two ports are named \"{}\"", name), "rename one of them");
    }
    if (!is_istio_label(name) && port.has("name")) {
      judge.refuse("name", fmt::format("\"{}\" is no name of a port", name),
                   "use letters, digits and dashes");
    }
    const std::int64_t number = port.integer("number").value_or(0);
    if (port.has("number") && !numbers.insert(number).second) {
      judge.refuse("number", fmt::format("two ports have the number {}", number),
                   "keep one of them");
    }
    validate_port(port, "number", false, report);
    validate_port(port, "targetPort", true, report);
    const std::string protocol = port.text("protocol");
    if (!protocol.empty() && !protocol_of(protocol).known) {
      judge.refuse("protocol", fmt::format("\"{}\" is no protocol", protocol),
                   "write HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS or MYSQL");
    }
  }
  return names;
}

void validate_hosts(const View& spec, const std::string& resolution, Reporter& report) {
  const Judge judge(spec, report);
  for (const auto& [host, mark] : spec.marked_texts("hosts")) {
    if (host == "*" || !is_wildcard_domain(host)) {
      judge.refuse("hosts", mark, fmt::format("\"{}\" is no host of a ServiceEntry", host),
                   "write a host name; a wildcard needs a domain, as \"*.example.com\"");
    } else if (is_partial_wildcard(host) && resolution != "DYNAMIC_DNS") {
      judge.warn("hosts", fmt::format("\"{}\": \"*\" should stand for whole labels", host),
                 "write \"*.example.com\"");
    }
  }
}

void validate_addresses(const View& spec, const std::string& resolution, Reporter& report) {
  const Judge judge(spec, report);
  for (const auto& [address, mark] : spec.marked_texts("addresses")) {
    if (!is_ip_or_subnet(address)) {
      judge.refuse("addresses", mark,
                   fmt::format("\"{}\" is neither an address nor a range", address),
                   "write 10.0.0.1 or 10.0.0.0/8");
    } else if (address.find('/') != std::string::npos && resolution != "NONE" &&
               resolution != "STATIC") {
      judge.refuse("addresses", mark, "ranges go with resolution NONE and STATIC alone",
                   "write single addresses");
    }
  }
}

void validate_dns(const View& spec, const std::string& resolution, const Names& ports,
                  Reporter& report) {
  const Judge judge(spec, report);
  for (const auto& [host, mark] : spec.marked_texts("hosts")) {
    if (spec.size("endpoints") > 0 || is_fqdn(host) || !is_wildcard_domain(host)) continue;
    judge.refuse("hosts", mark,
                 fmt::format("\"{}\" cannot be looked up, and there are no endpoints", host),
                 "write a host without a wildcard, or endpoints");
  }
  if (resolution == "DNS_ROUND_ROBIN" && spec.size("endpoints") > 1) {
    judge.refuse("endpoints", "DNS_ROUND_ROBIN has one endpoint at most", "keep one");
  }
  for (const View& endpoint : spec.list("endpoints")) {
    const std::string address = endpoint.text("address");
    if (!IpAddress::parse(address) && !is_fqdn(address)) {
      Judge(endpoint, report)
          .refuse("address", fmt::format("\"{}\" is no address", address),
                  "write an IP address or a host name");
    }
    validate_ports_of(endpoint, &ports, report);
    validate_labels(endpoint, "labels", report);
  }
}

bool uses_waypoint(const Node& document) {
  const Node* metadata = document.find("metadata");
  const Node* labels = metadata == nullptr ? nullptr : metadata->find("labels");
  const Node* waypoint = labels == nullptr ? nullptr : labels->find("istio.io/use-waypoint");
  return waypoint != nullptr && !waypoint->text.empty() &&
         !equals_ignoring_case(waypoint->text, "none");
}

void validate_dynamic(const View& spec, Reporter& report) {
  const Judge judge(spec, report);
  for (const auto& [host, mark] : spec.marked_texts("hosts")) {
    if (host.starts_with('*')) continue;
    judge.refuse("hosts", mark, "DYNAMIC_DNS is for wildcards", "write \"*.example.com\"");
  }
  for (const std::string_view field : {"addresses", "endpoints"}) {
    if (spec.size(field) == 0) continue;
    judge.refuse(field, fmt::format("DYNAMIC_DNS has no {}", field),
                 fmt::format("remove {}", field));
  }
  for (const View& port : spec.list("ports")) {
    const std::string protocol = to_lower(port.text("protocol"));
    if (protocol == "http" || protocol == "http2" || protocol == "grpc" || protocol == "tls")
      continue;
    Judge(port, report)
        .refuse("protocol", "DYNAMIC_DNS is for HTTP, HTTP2, GRPC and TLS", "write one of them");
  }
}

void validate_resolution(const View& spec, const std::string& resolution, const Names& ports,
                         Reporter& report) {
  const Judge judge(spec, report);
  if (resolution == "NONE" && spec.size("endpoints") > 0) {
    judge.refuse("endpoints", "resolution NONE has no endpoints",
                 "write resolution STATIC, or remove them");
  }
  if (resolution == "NONE" && spec.has("workloadSelector")) {
    judge.warn("workloadSelector", "resolution NONE selects no workloads",
               "write resolution STATIC");
  }
  if (resolution == "STATIC") {
    for (const View& endpoint : spec.list("endpoints")) {
      validate_entry(endpoint, false, &ports, report);
    }
  }
  if (resolution == "DNS" || resolution == "DNS_ROUND_ROBIN") {
    validate_dns(spec, resolution, ports, report);
  }
  if (resolution == "DYNAMIC_DNS") validate_dynamic(spec, report);
}

// Several hosts of one port can be told apart by HTTP and TLS alone.
void validate_many_hosts(const View& spec, const std::string& resolution, Reporter& report) {
  if (resolution == "NONE" || spec.size("hosts") < 2) return;
  for (const View& port : spec.list("ports")) {
    const Protocol protocol = protocol_of(port.text("protocol"));
    if (protocol.http || protocol.tls) continue;
    Judge(port, report)
        .refuse("protocol", "several hosts need a protocol that tells them apart",
                "write HTTP or TLS, or one ServiceEntry a host");
    return;
  }
}

}  // namespace

void validate_workload_entry(const View& spec, Reporter& report) {
  validate_entry(spec, true, nullptr, report);
}

void validate_service_entry(const View& spec, const Node& document, Reporter& report) {
  const std::string written = spec.text("resolution");
  const std::string resolution = written.empty() ? "NONE" : written;
  if (const auto selector = spec.child("workloadSelector")) {
    validate_selector(*selector, "labels", report);
  }
  validate_hosts(spec, resolution, report);
  validate_addresses(spec, resolution, report);
  const Names ports = validate_service_ports(spec, report);
  validate_resolution(spec, resolution, ports, report);
  if (resolution == "DYNAMIC_DNS" && spec.text("location") == "MESH_INTERNAL" &&
      uses_waypoint(document)) {
    Judge(spec, report)
        .refuse("location", "DYNAMIC_DNS behind a waypoint is for MESH_EXTERNAL",
                "write location: MESH_EXTERNAL");
  }
  validate_many_hosts(spec, resolution, report);
  validate_export_to(spec, Exporter::kServiceEntry, report);
}

}  // namespace sm::config
