// SPDX-License-Identifier: Apache-2.0
// Cluster: one destination of routes: a service port, or a subset of it, with its endpoints and how
// to balance over them. Part of a RunPlan, const. What changes while running (who is busy, who is
// ejected) is upstream/'s, per client pod.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "plan/workload.h"

namespace sm::plan {

// How the bytes of a connection are understood (istio-behaviour.md 1.4).
enum class Protocol : std::uint8_t {
  kHttp,
  kTcp,
  kAuto,  // the first speaker decides
};

enum class LoadBalancer : std::uint8_t { kLeastRequest, kRoundRobin, kRandom, kPassthrough };

struct Endpoint {
  SocketAddress address;
  const Workload* workload = nullptr;  // null: not a pod that we know
  // The same pod in the other family, when its Service has cluster IPs of both: for clients that
  // dialled that family.
  std::optional<IpAddress> other = std::nullopt;
};

struct Cluster {
  enum class Kind : std::uint8_t {
    kEndpoints,
    kOriginalDestination,  // PassthroughCluster, and loadBalancer PASSTHROUGH
    kBlackHole,            // BlackHoleCluster: refuses everything
  };
  std::string name;  // "outbound|80|v1|catalogue.sock-shop.svc.cluster.local", "PassthroughCluster"
  std::uint32_t id = 0;  // dense index in RunPlan::clusters
  Kind kind = Kind::kEndpoints;
  std::string service;  // FQDN; empty for the two special clusters
  std::string subset;
  std::uint16_t port = 0;  // service port
  Protocol protocol = Protocol::kTcp;
  LoadBalancer load_balancer = LoadBalancer::kLeastRequest;
  std::chrono::milliseconds connect_timeout{10000};
  std::vector<Endpoint> endpoints;  // ready ones, in a stable order
  std::string destination_rule;     // "name.namespace" or empty
};

}  // namespace sm::plan
