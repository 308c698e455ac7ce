// SPDX-License-Identifier: Apache-2.0
// RouteBuilder: the http routes of a VirtualService as executable routes, for one kind of client
// and one port (istio-behaviour.md 1.6, 2). Lives while a plan is being built, on the building
// thread.
#pragma once

#include <string>
#include <vector>

#include "config/istio.h"
#include "plan/clusters.h"
#include "plan/finding_set.h"
#include "plan/matches.h"
#include "plan/route.h"

namespace sm::plan {

// For whom routes are built.
struct RouteScope {
  std::string client_namespace;  // whose DestinationRules and exports count
  std::string gateway;           // "mesh" or "namespace/name"
  std::uint16_t port = 0;        // service port, or the port of the Gateway's server
  const KnownService* service =
      nullptr;  // whose virtual host it is; null: a host that is no Service, and at gateways
  const Workload* gateway_pod = nullptr;  // set at gateways: sourceLabels are compared with its own
};

class RouteBuilder {
 public:
  RouteBuilder(const ServiceIndex& services, ClusterStore& clusters, FindingSet& findings)
      : x_services(services), x_clusters(clusters), x_findings(findings) {}

  // Routes that cannot concern the scope are left out, as is all that follows the first
  // unconditional one.
  std::vector<Route> build(const config::VirtualService& from, const RouteScope& scope);
  // Whether build() would give any route. Says nothing.
  bool has_routes(const config::VirtualService& from, const RouteScope& scope) const;
  // The clusters that the routes name, in order, mirrors included: two scopes of one
  // VirtualService, port and gateway with the same clusters have the same routes. Null for what
  // does not exist.
  std::vector<const Cluster*> clusters_of(const config::VirtualService& from,
                                          const RouteScope& scope);

  // The route of a Service without a VirtualService.
  static Route default_route(const KnownService& service, const Cluster& cluster);

 private:
  struct Place {
    const config::VirtualService& from;
    const config::HttpRoute& http;
    int index;
  };
  struct Resolved {
    std::string name;
    const Cluster* cluster = nullptr;
  };
  Route translate(const Place& place, const config::HttpMatch* match, int match_index,
                  const RouteScope& scope);
  void add_action(const Place& place, const config::HttpMatch* match, const RouteScope& scope,
                  Route& out);
  void add_destinations(const Place& place, const RouteScope& scope, Route& out);
  ClusterStore::Found look_up(const config::VirtualService& from,
                              const config::Destination& destination, const RouteScope& scope,
                              std::string& name);
  Resolved resolve(const Place& place, const config::Destination& destination,
                   const std::string& path, const RouteScope& scope);
  void say_dangling(const Place& place, const config::Destination& destination,
                    const std::string& path, const ClusterStore::Found& found, std::uint16_t port);
  HeaderRules rules_of(const Place& place, const config::HeaderOperations& operations,
                       const std::string& path, std::string* authority);

  const ServiceIndex& x_services;
  ClusterStore& x_clusters;
  FindingSet& x_findings;
  RegexCache x_regexes;
};

}  // namespace sm::plan
