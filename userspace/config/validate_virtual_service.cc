// SPDX-License-Identifier: Apache-2.0
// What a VirtualService as a whole has to keep to; its HTTP routes are in validate_http_route.cc.
#include <fmt/format.h>

#include <algorithm>

#include "base/ip.h"
#include "base/text.h"
#include "config/istio_names.h"
#include "config/judge.h"
#include "config/route_overlap.h"
#include "config/scalars.h"
#include "config/schemas.h"
#include "config/validate.h"

namespace sm::config {
namespace {

bool is_for_gateways(const View& spec) {
  const std::vector<std::string> gateways = spec.texts("gateways");
  return !gateways.empty() && std::find(gateways.begin(), gateways.end(), "mesh") == gateways.end();
}

void validate_delegate(const View& spec, Reporter& report) {
  for (const std::string_view field : {"gateways", "tls", "tcp"}) {
    if (spec.size(field) == 0) continue;
    Judge(spec, report)
        .refuse("hosts", fmt::format("a VirtualService with {} needs a host", field),
                fmt::format("name the hosts; a delegate, which has none, leaves {} out", field));
  }
}

void validate_hosts(const View& spec, Reporter& report) {
  const Judge judge(spec, report);
  const bool gateways = is_for_gateways(spec);
  bool sni = false;
  for (const View& route : spec.list("tls")) {
    for (const View& match : route.list("match")) sni = sni || match.size("sniHosts") > 0;
  }
  const auto hosts = spec.marked_texts("hosts");
  bool valid = true;
  for (const auto& [host, mark] : hosts) {
    const bool name = is_wildcard_domain(host) || (gateways && sni && is_generated_sni(host));
    if (!name && !IpAddress::parse(host)) {
      judge.refuse("hosts", mark, fmt::format("\"{}\" is no host name", host),
                   "write a Service's name, a host name, or one that starts with \"*.\"");
      valid = false;
    } else if (!gateways && host == "*") {
      judge.refuse("hosts", mark, "the host \"*\" is not allowed for the mesh",
                   "name the Services, or the gateways that it is for");
      valid = false;
    }
  }
  for (std::size_t i = 0; valid && i < hosts.size(); ++i) {
    for (std::size_t j = i + 1; j < hosts.size(); ++j) {
      if (!hosts_overlap(hosts[i].first, hosts[j].first)) continue;
      judge.refuse(
          "hosts", hosts[j].second,
          fmt::format("the hosts \"{}\" and \"{}\" overlap", hosts[i].first, hosts[j].first),
          "keep one of them");
    }
  }
}

void refuse_claims(const View& match, std::string_view field, Reporter& report) {
  for (const auto& [name, entry] : match.map(field)) {
    if (!is_jwt_claim(name)) continue;
    Judge(entry, report)
        .refuse_all("routing on JWT claims is for gateways alone",
                    "name gateways, without mesh, or match a header");
  }
}

void validate_claims(const View& spec, Reporter& report) {
  if (is_for_gateways(spec)) return;
  for (const View& route : spec.list("http")) {
    for (const View& match : route.list("match")) {
      refuse_claims(match, "headers", report);
      refuse_claims(match, "withoutHeaders", report);
    }
  }
}

void validate_sni_hosts(const View& spec, const View& match, Reporter& report) {
  const Judge judge(match, report);
  if (match.size("sniHosts") == 0) {
    judge.refuse("sniHosts", "a tls match needs sniHosts", "name one of spec.hosts");
  }
  const std::vector<std::string> hosts = spec.texts("hosts");
  for (const auto& [host, mark] : match.marked_texts("sniHosts")) {
    if (!is_wildcard_domain(host) && !(is_for_gateways(spec) && is_generated_sni(host))) {
      if (IpAddress::parse(host)) {
        judge.warn("sniHosts", fmt::format("{} is an address, which few clients send as SNI", host),
                   "name a host");
      } else {
        judge.refuse("sniHosts", mark, fmt::format("\"{}\" is no host name", host), "name a host");
      }
      continue;
    }
    const bool covered = std::any_of(hosts.begin(), hosts.end(), [&name = host](const auto& wide) {
      return host_covers(wide, name);
    });
    if (!covered) {
      judge.refuse("sniHosts", mark, fmt::format("\"{}\" is not covered by the hosts", host),
                   "name it among spec.hosts");
    }
  }
}

void validate_l4_match(const View& match, Reporter& report) {
  const Judge judge(match, report);
  for (const auto& [subnet, mark] : match.marked_texts("destinationSubnets")) {
    if (is_ip_or_subnet(subnet)) continue;
    judge.refuse("destinationSubnets", mark,
                 fmt::format("\"{}\" is neither an address nor a range", subnet),
                 "write 10.0.0.1 or 10.0.0.0/8");
  }
  validate_port(match, "port", true, report);
  validate_labels(match, "sourceLabels", report);
  validate_gateway_names(match, report);
}

void validate_l4_route(const View& route, Reporter& report) {
  const Judge judge(route, report);
  if (route.size("route") == 0) {
    judge.refuse("route", "a route needs a destination",
                 "write route: [{destination: {host: ...}}]");
  }
  for (const View& entry : route.list("route")) {
    if (const auto to = entry.child("destination")) validate_destination(*to, report);
  }
  validate_weights(route, report);
}

void validate_l4_routes(const View& spec, Reporter& report) {
  for (const View& route : spec.list("tls")) {
    if (route.size("match") == 0) {
      Judge(route, report).refuse("match", "a tls route needs a match", "match sniHosts");
    }
    for (const View& match : route.list("match")) {
      validate_sni_hosts(spec, match, report);
      validate_l4_match(match, report);
    }
    validate_l4_route(route, report);
  }
  for (const View& route : spec.list("tcp")) {
    for (const View& match : route.list("match")) validate_l4_match(match, report);
    validate_l4_route(route, report);
  }
}

}  // namespace

void validate_gateway_names(const View& owner, Reporter& report) {
  const Judge judge(owner, report);
  const auto refuse = [&judge](Mark mark, const std::string& name) {
    judge.refuse("gateways", mark, fmt::format("\"{}\" is no gateway name", name),
                 "write gateway, namespace/gateway or mesh");
  };
  for (const auto& [name, mark] : owner.marked_texts("gateways")) {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) {
      if (name.find('.') != std::string::npos) {
        judge.warn("gateways", fmt::format("\"{}\" is the old form of a gateway's name", name),
                   "write namespace/gateway");
      }
      if (!is_fqdn(name)) refuse(mark, name);
      // Istio looks no further than the first name without a namespace; nor may this.
      return;
    }
    if (!is_istio_label(name.substr(0, slash)) || !is_istio_label(name.substr(slash + 1))) {
      refuse(mark, name);
    }
  }
}

void validate_weights(const View& route, Reporter& report) {
  std::int64_t total = 0;
  for (const View& entry : route.list("route")) {
    const std::int64_t weight = entry.integer("weight").value_or(0);
    if (weight < 0) {
      Judge(entry, report)
          .refuse("weight", fmt::format("weight {} is negative", weight),
                  "write a weight of 0 or more");
    }
    total += weight;
  }
  if (route.size("route") > 1 && total == 0) {
    Judge(route, report)
        .refuse("route", "the weights of all destinations are 0", "give them weights");
  }
}

void validate_destination(const View& destination, Reporter& report) {
  const Judge judge(destination, report);
  const std::string host = destination.text("host");
  if (destination.has("host") && (host == "*" || !is_wildcard_domain(host))) {
    judge.refuse("host", fmt::format("\"{}\" is no host name", host),
                 "name a Service, as \"reviews\" or \"reviews.prod.svc.cluster.local\"");
  }
  const std::string subset = destination.text("subset");
  if (!subset.empty() && !is_istio_label(subset)) {
    judge.refuse("subset", fmt::format("\"{}\" is no subset name", subset),
                 "use letters, digits and dashes");
  }
  if (const auto port = destination.child("port")) {
    if (!port->has("number")) {
      Judge(*port, report).refuse_all("a port needs a number", "write port: {number: 80}");
    }
    validate_port(*port, "number", false, report);
  }
}

void validate_virtual_service(const View& spec, Reporter& report) {
  if (spec.size("hosts") == 0) validate_delegate(spec, report);
  validate_gateway_names(spec, report);
  validate_claims(spec, report);
  validate_hosts(spec, report);
  if (spec.size("http") + spec.size("tls") + spec.size("tcp") == 0) {
    Judge(spec, report)
        .refuse("http", "a VirtualService needs http, tls or tcp routes",
                "write http: [{route: [{destination: {host: ...}}]}]");
  }
  for (const View& route : spec.list("http")) {
    validate_http_route(route, spec.size("hosts") == 0, report);
  }
  validate_l4_routes(spec, report);
  validate_export_to(spec, Exporter::kAny, report);
  warn_of_overlaps(spec, report);
}

}  // namespace sm::config
