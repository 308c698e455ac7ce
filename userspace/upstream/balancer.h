// SPDX-License-Identifier: Apache-2.0
// Balancer: which endpoint of a cluster the next request of one client pod goes to
// (istio-behaviour.md 3.2). State is per client pod and cluster, as in a sidecar: positions and
// active counts are exact because the pod's owner worker alone holds them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "base/text.h"
#include "plan/cluster.h"

namespace sm::upstream {

// Counts one active request or connection of an endpoint while it lives. Outlives plan swaps and
// the balancer itself.
class EndpointLease {
 public:
  EndpointLease() = default;
  explicit EndpointLease(std::shared_ptr<std::uint32_t> active) : x_active(std::move(active)) {
    if (x_active) ++*x_active;
  }
  EndpointLease(EndpointLease&& other) noexcept : x_active(std::move(other.x_active)) {}
  EndpointLease& operator=(EndpointLease&& other) noexcept {
    if (this != &other) {
      release();
      x_active = std::move(other.x_active);
    }
    return *this;
  }
  ~EndpointLease() { release(); }
  void release() {
    if (x_active) --*x_active;
    x_active.reset();
  }

 private:
  std::shared_ptr<std::uint32_t> x_active;
};

struct Choice {
  const plan::Endpoint* endpoint = nullptr;  // null: the cluster has none
  EndpointLease lease;
};

class Balancer {
 public:
  explicit Balancer(Rng& rng) : x_rng(rng) {}

  // `generation` is that of the plan that `cluster` belongs to.
  Choice pick(const plan::Cluster& cluster, std::uint64_t generation);
  // Forgets clusters that no request has used since `generation` came into force and that nothing
  // holds any more.
  void sweep(std::uint64_t generation);

 private:
  struct State {
    std::uint64_t generation = 0;  // of the plan whose endpoint order `active` mirrors
    std::uint64_t next = 0;        // round robin
    std::vector<SocketAddress> addresses;
    std::vector<std::shared_ptr<std::uint32_t>> active;
  };
  State& state_of(const plan::Cluster& cluster, std::uint64_t generation);
  std::size_t least_request(const State& state);

  Rng& x_rng;
  std::unordered_map<std::string, State, TextHash, std::equal_to<>> x_states;
};

}  // namespace sm::upstream
