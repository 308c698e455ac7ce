// SPDX-License-Identifier: Apache-2.0
// ViewBuilder: what the clients of one namespace reach: virtual hosts by port, services by address
// (istio-behaviour.md 1.5, 1.6). Lives while a plan is being built, on the building thread. Views
// of several namespaces share the virtual hosts that are equal.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/snapshot.h"
#include "plan/mesh_hosts.h"
#include "plan/routes.h"
#include "plan/run_plan.h"

namespace sm::plan {

class ViewBuilder {
 public:
  // All outlive the builder.
  ViewBuilder(const config::Snapshot& snapshot, const ServiceIndex& services,
              ClusterStore& clusters, RouteBuilder& routes, FindingSet& findings);

  std::unique_ptr<const OutboundView> build(const std::string& client_namespace);

 private:
  using HostPointer = std::shared_ptr<const VirtualHost>;
  // What a virtual host is made of; equal keys, equal hosts.
  using HostKey = std::vector<std::uint64_t>;
  struct ServiceHost {
    const KnownService* service;
    const KnownPort* port;
    HostPointer host;
  };

  void add_service_hosts(const MeshHosts& hosts, OutboundView& view);
  void add_other_hosts(const MeshHosts& hosts, OutboundView& view);
  void add_fallback(OutboundView& view) const;
  void add_addresses(const std::vector<ServiceHost>& all, OutboundView& view);
  void add_headless(const ServiceHost& from, const OutboundPort::Target& target,
                    OutboundView& view);
  HostPointer host_of_service(const MeshHosts& hosts, const KnownService& service,
                              const KnownPort& port, const std::string& client_namespace);
  HostPointer routed_host(const MeshVirtualService& from, const KnownService* service,
                          const std::string& host, const RouteScope& scope, const Cluster* own);
  HostPointer default_host(const KnownService& service, const KnownPort& port,
                           const Cluster& cluster, bool same_namespace);
  std::shared_ptr<const RouteTable> table_of(const HostPointer& host);

  const ServiceIndex& x_services;
  ClusterStore& x_clusters;
  RouteBuilder& x_routes;
  FindingSet& x_findings;
  MeshVirtualServices x_mesh;
  HostPointer x_fallback;
  std::map<HostKey, HostPointer> x_known;
  std::unordered_map<const VirtualHost*, std::shared_ptr<const RouteTable>> x_tables;
};

}  // namespace sm::plan
