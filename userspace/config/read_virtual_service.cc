// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/ip.h"
#include "config/read_http.h"
#include "config/scalars.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

std::vector<WeightedDestination> read_route(const View& view, bool with_headers, Reporter& report) {
  std::vector<WeightedDestination> out;
  std::uint64_t total = 0;
  for (const View& entry : view.list("route")) {
    WeightedDestination weighted;
    if (const auto destination = entry.child("destination")) {
      weighted.destination = read_destination(*destination, report);
    } else {
      report.invalid(entry.path("destination"), entry.mark(), "a route needs a destination",
                     "write destination: {host: ...}");
    }
    const std::int64_t weight = entry.integer("weight").value_or(0);
    if (weight < 0) {
      report.invalid(entry.path("weight"), entry.mark("weight"),
                     fmt::format("weight {} is negative", weight), "write a weight of 0 or more");
    } else {
      weighted.weight = static_cast<std::uint32_t>(std::min<std::int64_t>(weight, INT32_MAX));
    }
    total += weighted.weight;
    if (with_headers)
      read_headers(entry, weighted.request_headers, weighted.response_headers, report);
    out.push_back(std::move(weighted));
  }
  if (out.size() > 1 && total == 0) {
    report.invalid(view.path("route"), view.mark("route"), "the weights of all destinations are 0",
                   "give them weights");
  }
  return out;
}

void check_sni_hosts(const View& spec, const View& match, Reporter& report) {
  if (match.size("sniHosts") == 0) {
    report.invalid(match.path("sniHosts"), match.mark(), "a tls match needs sniHosts", "");
  }
  const std::vector<std::string> hosts = spec.texts("hosts");
  for (const auto& [host, mark] : match.marked_texts("sniHosts")) {
    const bool covered =
        std::any_of(hosts.begin(), hosts.end(),
                    [&host = host](const std::string& wide) { return host_covers(wide, host); });
    if (!is_wildcard_domain(host) || (!covered && !IpAddress::parse(host))) {
      report.invalid(match.path("sniHosts"), mark,
                     fmt::format("\"{}\" is not covered by the hosts", host),
                     "name it among spec.hosts");
    }
  }
}

// tcp and tls routes are judged although they are not applied.
void check_l4_routes(const View& spec, std::string_view field, Reporter& report) {
  for (const View& route : spec.list(field)) {
    read_route(route, false, report);
    if (route.size("route") == 0) {
      report.invalid(route.path("route"), route.mark(), "a route needs a destination",
                     "write route: [{destination: {host: ...}}]");
    }
    for (const View& match : route.list("match")) {
      read_gateway_names(match, report);
      read_port(match, "port", report);
      check_labels(match, "sourceLabels", report);
      if (field == "tls") check_sni_hosts(spec, match, report);
    }
  }
}

// Exactly one of forwarding, redirect and directResponse; what only makes sense with forwarding is
// refused beside the others.
void check_action(const View& view, Reporter& report) {
  const auto clash = [&](std::string_view one, std::string_view other) {
    if (!view.has(one) || !view.has(other)) return;
    report.invalid(view.path(other), view.mark(other),
                   fmt::format("{} and {} exclude each other", one, other), "keep one of them");
  };
  clash("redirect", "route");
  clash("redirect", "directResponse");
  clash("redirect", "fault");
  clash("redirect", "rewrite");
  clash("delegate", "route");
  clash("delegate", "redirect");
  clash("delegate", "directResponse");
  if (!view.has("redirect")) clash("directResponse", "route");
  if (!view.has("redirect") && !view.has("directResponse") && !view.has("delegate") &&
      view.size("route") == 0) {
    report.invalid(view.path("route"), view.mark(),
                   "an http route needs route, redirect or directResponse",
                   "write route: [{destination: {host: ...}}]");
  }
}

bool applies_to_mesh(const std::vector<std::string>& gateways) {
  return gateways.empty() || std::find(gateways.begin(), gateways.end(), "mesh") != gateways.end();
}

std::vector<std::string> read_hosts(const View& spec, bool mesh, Reporter& report) {
  std::vector<std::string> out;
  for (auto& [host, mark] : spec.marked_texts("hosts")) {
    if (!is_wildcard_domain(host) && !IpAddress::parse(host)) {
      report.invalid(spec.path("hosts"), mark, fmt::format("\"{}\" is no host name", host),
                     "write a Service's name, a host name, or one that starts with \"*.\"");
    } else if (host == "*" && mesh) {
      report.invalid(spec.path("hosts"), mark, "the host \"*\" is not allowed for the mesh",
                     "name the Services, or the gateways that it is for");
    }
    for (const std::string& earlier : out) {
      if (host_covers(earlier, host) || host_covers(host, earlier)) {
        report.invalid(spec.path("hosts"), mark,
                       fmt::format("the hosts \"{}\" and \"{}\" overlap", earlier, host),
                       "keep one of them");
      }
    }
    out.push_back(std::move(host));
  }
  return out;
}

}  // namespace

HttpRoute read_http_route(const View& view, Reporter& report) {
  HttpRoute route;
  route.mark = view.mark();
  route.name = view.text("name");
  for (const View& match : view.list("match"))
    route.match.push_back(read_http_match(match, report));
  check_action(view, report);
  route.route = read_route(view, true, report);
  if (const auto redirect = view.child("redirect"))
    route.redirect = read_redirect(*redirect, report);
  if (const auto direct = view.child("directResponse"))
    route.direct_response = read_direct_response(*direct, report);
  if (const auto rewrite = view.child("rewrite")) route.rewrite = read_rewrite(*rewrite, report);
  route.mirrors = read_mirrors(view, report);
  read_headers(view, route.request_headers, route.response_headers, report);
  if (view.has("timeout")) {
    if (const auto timeout = parse_duration(view.text("timeout"))) {
      route.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
    }
  }
  route.has_retries = view.has("retries");
  check_unapplied(view, report);
  return route;
}

Object read_virtual_service(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kVirtualServiceSchema, false, report);
  VirtualService service;
  service.meta = read_metadata(document, report);
  service.gateways = read_gateway_names(spec, report);
  service.hosts = read_hosts(spec, applies_to_mesh(service.gateways), report);
  if (service.hosts.empty()) {
    // Istio takes a VirtualService without hosts for the target of a delegate.
    if (spec.has("gateways")) {
      report.invalid("spec.hosts", spec.mark(), "a VirtualService needs a host",
                     "name the hosts that it is for");
    } else {
      report.unsupported(
          "spec.hosts", spec.mark(),
          "a VirtualService without hosts is for delegates, which this version does not support",
          "name the hosts that it is for");
    }
  }
  service.has_tcp = spec.size("tcp") > 0;
  service.has_tls = spec.size("tls") > 0;
  for (const View& route : spec.list("http"))
    service.http.push_back(read_http_route(route, report));
  check_l4_routes(spec, "tcp", report);
  check_l4_routes(spec, "tls", report);
  if (service.http.empty() && !service.has_tcp && !service.has_tls) {
    report.invalid("spec.http", spec.mark(), "a VirtualService needs http, tls or tcp routes", "");
  }
  service.export_to = read_export_to(spec, report);
  return std::make_shared<const VirtualService>(std::move(service));
}

}  // namespace sm::config
