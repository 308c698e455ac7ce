// SPDX-License-Identifier: Apache-2.0
#include "upstream/balancer.h"

#include <algorithm>

namespace sm::upstream {

Balancer::State& Balancer::state_of(const plan::Cluster& cluster, std::uint64_t generation) {
  auto found = x_states.find(std::string_view(cluster.name));
  if (found == x_states.end()) {
    found = x_states.emplace(cluster.name, State{}).first;
    found->second.next =
        x_rng.next();  // a random start, so that many clients do not begin at the same endpoint
  }
  State& state = found->second;
  if (state.generation == generation && state.active.size() == cluster.endpoints.size())
    return state;

  // Another plan: endpoints that stay keep their counts.
  std::unordered_map<SocketAddress, std::shared_ptr<std::uint32_t>, SocketAddressHash> kept;
  for (std::size_t i = 0; i < state.addresses.size(); ++i)
    kept.emplace(state.addresses[i], state.active[i]);
  state.generation = generation;
  state.addresses.clear();
  state.active.clear();
  for (const auto& endpoint : cluster.endpoints) {
    const auto old = kept.find(endpoint.address);
    state.addresses.push_back(endpoint.address);
    state.active.push_back(old != kept.end() ? old->second : std::make_shared<std::uint32_t>(0));
  }
  return state;
}

std::size_t Balancer::least_request(const State& state) {
  const std::size_t count = state.active.size();
  const std::size_t first = x_rng.below(count);
  if (count == 1) return first;
  // Two different endpoints at random, the less busy of them (Envoy's choice count 2).
  const std::size_t second = (first + 1 + x_rng.below(count - 1)) % count;
  return *state.active[second] < *state.active[first] ? second : first;
}

Choice Balancer::pick(const plan::Cluster& cluster, std::uint64_t generation) {
  if (cluster.endpoints.empty()) return {};
  State& state = state_of(cluster, generation);
  std::size_t index = 0;
  switch (cluster.load_balancer) {
    case plan::LoadBalancer::kRoundRobin:
      index = state.next++ % cluster.endpoints.size();
      break;
    case plan::LoadBalancer::kRandom:
      index = x_rng.below(cluster.endpoints.size());
      break;
    case plan::LoadBalancer::kLeastRequest:
    case plan::LoadBalancer::kPassthrough:
      index = least_request(state);
      break;
  }
  return {&cluster.endpoints[index], EndpointLease(state.active[index])};
}

void Balancer::sweep(std::uint64_t generation) {
  std::erase_if(x_states, [generation](const auto& entry) {
    const State& state = entry.second;
    const bool busy = std::any_of(state.active.begin(), state.active.end(),
                                  [](const auto& count) { return *count > 0; });
    return state.generation < generation && !busy;
  });
}

}  // namespace sm::upstream
