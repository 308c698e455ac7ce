// SPDX-License-Identifier: Apache-2.0
#include "upstream/balancer.h"

#include <doctest/doctest.h>

#include <map>
#include <vector>

namespace sm::upstream {

namespace {
plan::Cluster cluster(std::size_t endpoints, plan::LoadBalancer how) {
  plan::Cluster made;
  made.name = "outbound|80||a";
  made.load_balancer = how;
  for (std::size_t i = 0; i < endpoints; ++i) {
    made.endpoints.push_back(
        {{*IpAddress::parse("10.0.0." + std::to_string(i + 1)), 80}, nullptr, {}});
  }
  return made;
}
}  // namespace

TEST_CASE("upstream: a cluster without endpoints has none to pick") {
  Rng rng(1);
  Balancer balancer(rng);
  CHECK(balancer.pick(cluster(0, plan::LoadBalancer::kRoundRobin), 1).endpoint == nullptr);
}

TEST_CASE("upstream: round robin visits each endpoint once a turn") {
  Rng rng(1);
  Balancer balancer(rng);
  const auto three = cluster(3, plan::LoadBalancer::kRoundRobin);
  for (int turn = 0; turn < 5; ++turn) {
    std::map<SocketAddress, int> seen;
    for (int i = 0; i < 3; ++i) ++seen[balancer.pick(three, 1).endpoint->address];
    CHECK(seen.size() == 3);
  }
}

TEST_CASE("upstream: least request leaves the busiest alone: of two it always takes the other") {
  Rng rng(1);
  Balancer balancer(rng);
  const auto two = cluster(2, plan::LoadBalancer::kLeastRequest);
  const auto busy = balancer.pick(two, 1);
  for (int i = 0; i < 50; ++i) CHECK(balancer.pick(two, 1).endpoint != busy.endpoint);
}

TEST_CASE("upstream: a lease that ends frees its endpoint") {
  Rng rng(1);
  Balancer balancer(rng);
  const auto two = cluster(2, plan::LoadBalancer::kLeastRequest);
  std::map<const plan::Endpoint*, int> seen;
  {
    auto held = balancer.pick(two, 1);
    held.lease.release();
  }
  for (int i = 0; i < 200; ++i) ++seen[balancer.pick(two, 1).endpoint];
  CHECK(seen.size() == 2);
}

TEST_CASE("upstream: active counts outlive a change of the endpoints") {
  Rng rng(1);
  Balancer balancer(rng);
  auto two = cluster(2, plan::LoadBalancer::kLeastRequest);
  const auto busy = balancer.pick(two, 1);
  const SocketAddress busy_address = busy.endpoint->address;
  // The next plan lists them the other way round.
  auto turned = two;
  std::swap(turned.endpoints[0], turned.endpoints[1]);
  for (int i = 0; i < 50; ++i) CHECK(balancer.pick(turned, 2).endpoint->address != busy_address);
}

TEST_CASE("upstream: clusters that nobody uses any more are forgotten, those in use are not") {
  Rng rng(1);
  Balancer balancer(rng);
  const auto two = cluster(2, plan::LoadBalancer::kLeastRequest);
  const auto held = balancer.pick(two, 1);
  balancer.sweep(2);
  for (int i = 0; i < 50; ++i) CHECK(balancer.pick(two, 2).endpoint != held.endpoint);
}

}  // namespace sm::upstream
