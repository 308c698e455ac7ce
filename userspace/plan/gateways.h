// SPDX-License-Identifier: Apache-2.0
// GatewayBuilder: the route tables of gateway pods (istio-behaviour.md 4.1, 4.2). Lives while a
// plan is being built, on the building thread.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "config/snapshot.h"
#include "plan/routes.h"
#include "plan/workloads.h"

namespace sm::plan {

class GatewayBuilder {
 public:
  // All outlive the builder.
  GatewayBuilder(const config::Snapshot& snapshot, const ServiceIndex& services,
                 RouteBuilder& routes);

  // One table for each port to be opened in the pod: those of the plaintext HTTP servers of every
  // Gateway that selects it, each translated by the Services in front of the pod.
  std::unordered_map<std::uint16_t, RouteTable> build(const KnownPod& pod);

 private:
  struct OpenPort;
  void add_server(const config::Gateway& gateway, const config::GatewayServer& server,
                  const KnownPod& pod, OpenPort& into);
  std::uint16_t translate(const Workload* workload, std::uint16_t port) const;

  const ServiceIndex& x_services;
  RouteBuilder& x_routes;
  std::vector<const config::Gateway*> x_gateways;  // oldest first
  std::unordered_map<std::string, std::vector<const config::VirtualService*>>
      x_virtual_services;  // by gateway, oldest first
};

}  // namespace sm::plan
