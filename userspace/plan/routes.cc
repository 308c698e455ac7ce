// SPDX-License-Identifier: Apache-2.0
#include "plan/routes.h"

#include <algorithm>

#include "base/text.h"
#include "plan/actions.h"
#include "plan/naming.h"

namespace sm::plan {

namespace {

// Whether a match block can concern the scope at all; what is known when the plan is built is not
// asked again per request.
bool concerns(const config::HttpMatch& match, const std::string& home, const RouteScope& scope) {
  if (match.port && *match.port != scope.port) return false;
  if (!match.gateways.empty()) {
    return std::any_of(match.gateways.begin(), match.gateways.end(),
                       [&](const std::string& gateway) {
                         return resolve_gateway(gateway, home) == scope.gateway;
                       });
  }
  if (scope.gateway_pod == nullptr) return true;  // the client's labels are compared per request
  return has_labels(scope.gateway_pod->labels, match.source_labels) &&
         (match.source_namespace.empty() ||
          match.source_namespace == scope.gateway_pod->namespace_);
}

std::string route_name(const config::HttpRoute& http, const config::HttpMatch* match) {
  if (match == nullptr || match->name.empty()) return http.name;
  return http.name.empty() ? match->name : http.name + "." + match->name;
}

std::string http_path(int index) { return "spec.http[" + std::to_string(index) + "]"; }

// The port of a destination: its own, else the only one of the Service, else the one that was
// dialled.
std::uint16_t destination_port(const config::Destination& destination, const KnownService* service,
                               std::uint16_t dialled) {
  if (destination.port) return *destination.port;
  if (service != nullptr) {
    if (const auto only = service->only_port()) return *only;
  }
  return dialled;
}

std::string known_subsets(const MergedRule* rule) {
  std::string out;
  if (rule == nullptr) return out;
  for (const config::Subset* subset : rule->subsets)
    out += (out.empty() ? "" : ", ") + subset->name;
  return out;
}

}  // namespace

bool RouteBuilder::has_routes(const config::VirtualService& from, const RouteScope& scope) const {
  return std::any_of(from.http.begin(), from.http.end(), [&](const config::HttpRoute& http) {
    return http.match.empty() ||
           std::any_of(http.match.begin(), http.match.end(), [&](const config::HttpMatch& match) {
             return concerns(match, from.meta.ref.namespace_, scope);
           });
  });
}

std::vector<Route> RouteBuilder::build(const config::VirtualService& from,
                                       const RouteScope& scope) {
  std::vector<Route> out;
  for (std::size_t i = 0; i < from.http.size(); ++i) {
    const Place place{from, from.http[i], static_cast<int>(i)};
    if (place.http.match.empty()) {
      out.push_back(translate(place, nullptr, -1, scope));
      return out;
    }
    for (std::size_t m = 0; m < place.http.match.size(); ++m) {
      const config::HttpMatch& match = place.http.match[m];
      if (!concerns(match, from.meta.ref.namespace_, scope)) continue;
      out.push_back(translate(place, &match, static_cast<int>(m), scope));
      if (out.back().match.matches_all()) return out;
    }
  }
  return out;
}

Route RouteBuilder::translate(const Place& place, const config::HttpMatch* match, int match_index,
                              const RouteScope& scope) {
  Route out;
  out.name = route_name(place.http, match);
  const config::ObjectRef& ref = place.from.meta.ref;
  const int line =
      match != nullptr && match->mark.line > 0 ? match->mark.line : place.http.mark.line;
  out.origin = {ref.kind.empty() ? "VirtualService" : ref.kind,
                ref.namespace_,
                ref.name,
                place.index,
                match_index,
                ref.file,
                line};
  if (match != nullptr) {
    std::string bad_pattern;
    out.match = compile_match(*match, x_regexes, bad_pattern);
    if (!bad_pattern.empty()) {
      x_findings.add(
          {std::string(code::kPatternTooLarge), config::Severity::kWarning, ref, match->mark,
           http_path(place.index) + ".match[" + std::to_string(match_index) + "]",
           "the expression " + bad_pattern + " cannot be compiled, so that this match never holds",
           "write a shorter RE2 expression"});
    }
    if (scope.gateway_pod != nullptr) {
      out.match.source_labels.clear();
      out.match.source_namespace.clear();
    }
  }
  add_action(place, match, scope, out);
  return out;
}

void RouteBuilder::add_action(const Place& place, const config::HttpMatch* match,
                              const RouteScope& scope, Route& out) {
  const config::HttpRoute& http = place.http;
  const std::string path = http_path(place.index);
  std::string header_authority;
  out.request_headers =
      rules_of(place, http.request_headers, path + ".headers.request", &header_authority);
  out.response_headers =
      rules_of(place, http.response_headers, path + ".headers.response", nullptr);
  out.timeout = http.timeout;
  if (http.redirect) {
    out.redirect = make_redirect(*http.redirect, match, scope.port);
    return;
  }
  if (http.direct_response) {
    out.direct = DirectAnswer{http.direct_response->status, http.direct_response->body};
    return;
  }
  if (http.rewrite) out.rewrite = make_rewrite(*http.rewrite, match, x_regexes);
  if (out.rewrite.authority.empty()) out.rewrite.authority = header_authority;
  add_destinations(place, scope, out);
}

void RouteBuilder::add_destinations(const Place& place, const RouteScope& scope, Route& out) {
  const config::HttpRoute& http = place.http;
  for (std::size_t d = 0; d < http.route.size(); ++d) {
    const config::WeightedDestination& from = http.route[d];
    const std::string path = http_path(place.index) + ".route[" + std::to_string(d) + "]";
    const Resolved resolved = resolve(place, from.destination, path + ".destination", scope);
    WeightedCluster to;
    to.cluster_name = resolved.name;
    to.cluster = resolved.cluster;
    to.weight = from.weight;
    to.request_headers =
        rules_of(place, from.request_headers, path + ".headers.request", &to.authority);
    to.response_headers =
        rules_of(place, from.response_headers, path + ".headers.response", nullptr);
    if (http.route.size() == 1) {
      // Of an only destination Istio makes one step of operations together with the route's.
      out.request_headers.append(to.request_headers);
      out.response_headers.append(to.response_headers);
      to.request_headers = {};
      to.response_headers = {};
    }
    out.total_weight += to.weight;
    out.destinations.push_back(std::move(to));
  }
  for (std::size_t m = 0; m < http.mirrors.size(); ++m) {
    const std::uint32_t share = per_million(http.mirrors[m].percent);
    if (share == 0) continue;
    const std::string path =
        http_path(place.index) +
        (http.mirrors.size() == 1 ? ".mirror" : ".mirrors[" + std::to_string(m) + "]");
    const Resolved resolved = resolve(place, http.mirrors[m].destination, path, scope);
    out.mirrors.push_back({resolved.name, resolved.cluster, share});
  }
}

ClusterStore::Found RouteBuilder::look_up(const config::VirtualService& from,
                                          const config::Destination& destination,
                                          const RouteScope& scope, std::string& name) {
  const std::string fqdn = resolve_host(destination.host, from.meta.ref.namespace_);
  const KnownService* service = x_services.find(fqdn);
  const std::uint16_t port = destination_port(destination, service, scope.port);
  const bool own =
      scope.gateway_pod == nullptr && scope.service != nullptr && scope.service == service;
  const auto pick = own ? ClusterStore::Pick::kKeepDestination : ClusterStore::Pick::kBalance;
  name = outbound_cluster_name(port, destination.subset, fqdn);
  return x_clusters.find(scope.client_namespace, fqdn, port, destination.subset, pick);
}

RouteBuilder::Resolved RouteBuilder::resolve(const Place& place,
                                             const config::Destination& destination,
                                             const std::string& path, const RouteScope& scope) {
  Resolved out;
  const ClusterStore::Found found = look_up(place.from, destination, scope, out.name);
  out.cluster = found.cluster;
  if (found.missing != ClusterStore::Missing::kNothing) {
    say_dangling(place, destination, path, found,
                 destination_port(destination, found.service, scope.port));
  }
  return out;
}

void RouteBuilder::say_dangling(const Place& place, const config::Destination& destination,
                                const std::string& path, const ClusterStore::Found& found,
                                std::uint16_t port) {
  config::Finding out;
  out.code = code::kDangling;
  out.severity = config::Severity::kError;
  out.object = place.from.meta.ref;
  out.mark = destination.mark.line > 0 ? destination.mark : place.http.mark;
  const std::string host = resolve_host(destination.host, place.from.meta.ref.namespace_);
  switch (found.missing) {
    case ClusterStore::Missing::kNothing:
      return;
    case ClusterStore::Missing::kService:
      out.path = path + ".host";
      out.message = "there is no Service " + host +
                    " for the clients of this route: such requests are answered 503 (NC)";
      out.remedy =
          "name a Service that exists and is exported to them; a host with a dot is taken as it is";
      break;
    case ClusterStore::Missing::kPort:
      // Without a number the dialled port is meant, which may be right for one of the ports that
      // this route serves.
      out.severity = destination.port ? config::Severity::kError : config::Severity::kInfo;
      out.path = path + ".port.number";
      out.message = "Service " + host + " has no TCP port " + std::to_string(port) +
                    ": requests that this route takes there are answered 503 (NC)";
      out.remedy = "set destination.port.number to a port of the Service";
      break;
    case ClusterStore::Missing::kSubset: {
      out.path = path + ".subset";
      if (destination.subset_mark.line > 0) out.mark = destination.subset_mark;
      out.message = "no DestinationRule defines subset " + destination.subset + " of " + host +
                    ": requests that this route takes are answered 503 (NC)";
      const std::string known = known_subsets(found.rule);
      out.remedy = known.empty() ? "add the subset to a DestinationRule for this host"
                                 : "known subsets: " + known;
      break;
    }
  }
  x_findings.add(std::move(out));
}

std::vector<const Cluster*> RouteBuilder::clusters_of(const config::VirtualService& from,
                                                      const RouteScope& scope) {
  std::vector<const Cluster*> out;
  std::string name;
  for (const config::HttpRoute& http : from.http) {
    for (const config::WeightedDestination& to : http.route)
      out.push_back(look_up(from, to.destination, scope, name).cluster);
    for (const config::Mirror& mirror : http.mirrors)
      out.push_back(look_up(from, mirror.destination, scope, name).cluster);
  }
  return out;
}

HeaderRules RouteBuilder::rules_of(const Place& place, const config::HeaderOperations& operations,
                                   const std::string& path, std::string* authority) {
  std::vector<std::string> refused;
  HeaderRules out = make_header_rules(operations, authority, refused);
  for (const std::string& name : refused) {
    x_findings.add(
        {std::string(code::kHeaderRefused), config::Severity::kWarning, place.from.meta.ref,
         place.http.mark, path,
         "header " + name + " cannot be changed by a header operation, which is left out",
         "take it out; the authority is changed by `rewrite` or by setting `host`"});
  }
  return out;
}

Route RouteBuilder::default_route(const KnownService& service, const Cluster& cluster) {
  Route out;
  out.name = "default";
  const config::ObjectRef& ref = service.service->meta.ref;
  out.origin = {"Service", ref.namespace_, ref.name, 0, -1, ref.file, ref.line};
  WeightedCluster to;
  to.cluster_name = cluster.name;
  to.cluster = &cluster;
  to.weight = 100;
  out.total_weight = 100;
  out.destinations.push_back(std::move(to));
  return out;
}

}  // namespace sm::plan
