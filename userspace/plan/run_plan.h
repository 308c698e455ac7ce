// SPDX-License-Identifier: Apache-2.0
// RunPlan: all configuration of this node made executable, immutable, swapped whole. Built by
// plan/build on the control thread, handed to every worker as shared_ptr<const RunPlan>; a request
// pins the plan that it started with. Pointers inside a plan point into the same plan and live as
// long as it does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/capture_lists.h"
#include "http/path.h"
#include "plan/cluster.h"
#include "plan/route.h"
#include "plan/workload.h"
#include "telemetry/access_format.h"

namespace sm::plan {

// What a client of one namespace reaches on one destination port.
struct OutboundPort {
  bool http = false;  // some service of this port is declared to speak HTTP: the Host header
                      // chooses, whatever the address
  RouteTable routes;  // of the services that speak HTTP, or may (auto)
  // Services by address: cluster IPs, and the pods' own of headless services (at their target
  // port).
  struct Target {
    Protocol protocol = Protocol::kTcp;
    const Cluster* cluster = nullptr;
    // Auto ports: the address has chosen the service already, so its routes serve whatever Host
    // says (as Istio has it). Else null.
    std::shared_ptr<const RouteTable> routes{};
  };
  std::unordered_map<IpAddress, Target, IpHash> by_address;
};

// The outbound side of every enrolled pod of one namespace (hosts, exportTo and rules depend on the
// client's namespace).
struct OutboundView {
  std::string namespace_;
  std::unordered_map<std::uint16_t, OutboundPort> ports;
};

struct OutboundChoice {
  Protocol protocol = Protocol::kTcp;
  const RouteTable* routes = nullptr;  // kHttp and kAuto; null: everything goes to the L4 cluster
  const Cluster* l4 = nullptr;         // where the connection goes as TCP; never null
};

// One application port of a pod of this node.
struct InboundPort {
  std::uint16_t port = 0;  // container port
  Protocol protocol = Protocol::kTcp;
  std::string cluster_name;  // "inbound|8079||"
  std::string service;       // FQDN of the service that names the port; empty when none does
};

// A pod of this node, from the proxy's side.
struct LocalPod {
  const Workload* workload = nullptr;
  const OutboundView* outbound = nullptr;  // null for gateways
  std::unordered_map<std::uint16_t, InboundPort> inbound;
  // Not empty: a security policy selects this workload and cannot be enforced by this version, so
  // all that arrives is refused.
  std::string denied_because;
  // Its policy admits meshed clients only: PeerAuthentication of mode STRICT, or denied as above.
  bool strict = false;
  CaptureLists lists;  // of the pod's connections, which are not ours at all
  // Gateways: route table by the port that is opened in the pod (after Service translation).
  std::unordered_map<std::uint16_t, RouteTable> gateway_ports;
  unsigned wanted_workers = 1;  // proxy.istio.io/config concurrency; 0 = all

  // Declared or not, every port has an answer: unknown ports are TCP, cluster
  // "InboundPassthroughCluster".
  InboundPort inbound_port(std::uint16_t port) const;
};

struct RunPlan {
  std::uint64_t generation = 0;
  std::string node_name;
  std::string access_log_path;  // empty: off
  std::shared_ptr<const telemetry::AccessFormat> access_log_format;
  http::PathNormalization path_normalization = http::PathNormalization::kBase;
  bool registry_only = false;

  std::vector<std::unique_ptr<const Workload>> workloads;
  std::vector<std::unique_ptr<const Cluster>> clusters;  // Cluster::id is the index
  std::vector<std::unique_ptr<const OutboundView>> views;
  std::unordered_map<std::string, LocalPod, TextHash, std::equal_to<>>
      pods;  // this node's enrolled pods, by key
  std::unordered_map<IpAddress, const Workload*, IpHash> by_ip;
  const Cluster* passthrough = nullptr;
  const Cluster* black_hole = nullptr;

  const LocalPod* pod(std::string_view key) const;
  // The pod of this node whose server side runs in the same pass as the client's: in the mesh, with
  // an application, and with this port of it taken. Null: the address is reached over the network,
  // as without a mesh.
  const LocalPod* server_at(const SocketAddress& address) const;
  const Workload* workload_at(const IpAddress& ip) const;
};

// How a connection of a client with this view to `destination` is treated
// (istio-behaviour.md 1.4, 1.5).
OutboundChoice choose_outbound(const RunPlan& plan, const OutboundView& view,
                               const SocketAddress& destination);

}  // namespace sm::plan
