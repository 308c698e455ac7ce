// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/read_http.h"
#include "config/scalars.h"
#include "config/schemas.h"
#include "config/validate.h"

namespace sm::config {
namespace {

WeightedDestination read_weighted(const View& entry) {
  WeightedDestination out;
  if (const auto destination = entry.child("destination")) {
    out.destination = read_destination(*destination);
  }
  const std::int64_t weight = entry.integer("weight").value_or(0);
  out.weight = static_cast<std::uint32_t>(std::clamp<std::int64_t>(weight, 0, INT32_MAX));
  return out;
}

L4Match read_l4_match(const View& view, bool tls) {
  L4Match out;
  if (tls) out.sni_hosts = view.texts("sniHosts");
  out.destination_subnets = view.texts("destinationSubnets");
  out.port = read_port(view, "port");
  out.source_labels = view.labels("sourceLabels");
  out.source_namespace = view.text("sourceNamespace");
  out.gateways = view.texts("gateways");
  return out;
}

std::vector<L4Route> read_l4_routes(const View& spec, std::string_view field) {
  std::vector<L4Route> out;
  for (const View& view : spec.list(field)) {
    L4Route route;
    route.mark = view.mark();
    for (const View& match : view.list("match")) {
      route.match.push_back(read_l4_match(match, field == "tls"));
    }
    for (const View& entry : view.list("route")) route.route.push_back(read_weighted(entry));
    out.push_back(std::move(route));
  }
  return out;
}

void read_mirrored(const View& view, HttpRoute& route) {
  if (const auto mirror = view.child("mirror")) route.mirror = read_destination(*mirror);
  for (const View& entry : view.list("mirrors")) {
    const auto destination = entry.child("destination");
    if (destination) route.further_mirrors.push_back(read_destination(*destination));
  }
}

}  // namespace

HttpRoute read_http_route(const View& view, Reporter& report) {
  HttpRoute route;
  route.mark = view.mark();
  route.name = view.text("name");
  for (const View& match : view.list("match"))
    route.match.push_back(read_http_match(match, report));
  for (const View& entry : view.list("route")) {
    WeightedDestination& to = route.route.emplace_back(read_weighted(entry));
    read_headers(entry, to.request_headers, to.response_headers);
  }
  if (const auto redirect = view.child("redirect"))
    route.redirect = read_redirect(*redirect, report);
  if (const auto direct = view.child("directResponse"))
    route.direct_response = read_direct_response(*direct, report);
  if (const auto rewrite = view.child("rewrite")) route.rewrite = read_rewrite(*rewrite);
  route.mirrors = read_mirrors(view);
  read_mirrored(view, route);
  read_headers(view, route.request_headers, route.response_headers);
  if (const auto timeout = parse_duration(view.text("timeout"))) {
    route.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  }
  route.has_retries = view.has("retries");
  if (const auto delegate = view.child("delegate")) {
    route.delegate = Delegate{delegate->text("name"), delegate->text("namespace")};
  }
  return route;
}

Object read_virtual_service(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kVirtualServiceSchema, false, report);
  validate_virtual_service(spec, report);
  VirtualService service;
  service.meta = read_metadata(document, report);
  for (auto& [name, mark] : spec.marked_texts("gateways")) {
    service.gateways.push_back(std::move(name));
    service.gateway_marks.push_back(mark);
  }
  service.hosts = spec.texts("hosts");
  service.hosts_mark = spec.mark("hosts");
  if (service.hosts.empty()) {
    report.unsupported(
        "spec.hosts", spec.mark(),
        "a VirtualService without hosts is for delegates, which this version does not support",
        "name the hosts that it is for");
  }
  for (const View& route : spec.list("http"))
    service.http.push_back(read_http_route(route, report));
  service.tls = read_l4_routes(spec, "tls");
  service.tcp = read_l4_routes(spec, "tcp");
  service.export_to = spec.texts("exportTo");
  return std::make_shared<const VirtualService>(std::move(service));
}

}  // namespace sm::config
