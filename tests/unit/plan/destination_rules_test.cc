// SPDX-License-Identifier: Apache-2.0
#include "plan/destination_rules.h"

#include <doctest/doctest.h>

#include "support/plan_world.h"

namespace sm::plan {

namespace {

constexpr const char* kWeb = "web.shop.svc.cluster.local";

std::string found(const World& world, const std::string& client, const std::string& fqdn = kWeb) {
  const RuleIndex rules(world.snapshot);
  const MergedRule* rule = rules.find(client, "shop", fqdn);
  return rule == nullptr ? "" : rule->name;
}

config::TrafficPolicy balancing(config::LoadBalancer balancer) {
  config::TrafficPolicy out;
  out.has_load_balancer = true;
  out.load_balancer = balancer;
  return out;
}

}  // namespace

TEST_CASE(
    "destination rules: the client's namespace, then the service's, then the root namespace") {
  World world;
  CHECK(found(world, "client").empty());
  world.rule("istio-system", "root", kWeb);
  CHECK(found(world, "client") == "root.istio-system");
  world.rule("shop", "own", "web");
  CHECK(found(world, "client") == "own.shop");
  world.rule("client", "mine", kWeb);
  CHECK(found(world, "client") == "mine.client");
  CHECK(found(world, "shop") == "own.shop");
  CHECK(found(world, "other") == "own.shop");
  // The root namespace as a client has no precedence of its own.
  CHECK(found(world, "istio-system") == "own.shop");
  world.rule("istio-system", "root-only", kWeb).export_to = {"."};
  CHECK(found(world, "istio-system") == "root-only.istio-system");
}

TEST_CASE("destination rules: exportTo hides a rule, the own namespace sees its private ones") {
  World world;
  world.rule("shop", "own", "web").export_to = {"."};
  CHECK(found(world, "client").empty());
  CHECK(found(world, "shop") == "own.shop");
  World other;
  other.rule("shop", "own", "web").export_to = {"client"};
  CHECK(found(other, "client") == "own.shop");
  CHECK(found(other, "third").empty());
  World none;
  none.rule("shop", "own", "web").export_to = {"~"};
  CHECK(found(none, "shop").empty());
}

TEST_CASE("destination rules: the most specific host wins within a step") {
  World world;
  world.rule("shop", "all", "*");
  CHECK(found(world, "client") == "all.shop");
  world.rule("shop", "wide", "*.svc.cluster.local");
  world.rule("shop", "narrow", "*.shop.svc.cluster.local");
  CHECK(found(world, "client") == "narrow.shop");
  world.rule("shop", "exact", "web");
  CHECK(found(world, "client") == "exact.shop");
  CHECK(found(world, "client", "db.shop.svc.cluster.local") == "narrow.shop");
  // A wildcard of the client's namespace goes before an exact host of the service's.
  world.rule("client", "mine", "*.cluster.local");
  CHECK(found(world, "client") == "mine.client");
}

TEST_CASE("destination rules: several for one host are one, first subset and first policy win") {
  World world;
  config::DestinationRule& young = world.rule("shop", "b", "web", {"v1", "v2"});
  young.policy = balancing(config::LoadBalancer::kRandom);
  young.meta.creation_timestamp = "2022-01-01T00:00:00Z";
  young.subsets[0].labels = {{"version", "young"}};
  config::DestinationRule& old = world.rule("shop", "a", kWeb, {"v1"});
  old.meta.creation_timestamp = "2021-01-01T00:00:00Z";
  config::DestinationRule& selected = world.rule("shop", "0", "web", {"v3"});
  selected.workload_selector = {{"app", "client"}};
  const RuleIndex rules(world.snapshot);
  const MergedRule* rule = rules.find("client", "shop", kWeb);
  REQUIRE(rule != nullptr);
  CHECK(rule->name == "a.shop");
  CHECK(rule->subsets.size() == 2);
  CHECK(rule->subset("v1")->labels.at("version") == "v1");
  CHECK(rule->subset("v3") == nullptr);
  CHECK(effective_policy(rule, nullptr, 80).load_balancer == LoadBalancer::kRandom);
}

TEST_CASE(
    "destination rules: subset port over subset over top port over top, and port levels do not "
    "inherit") {
  using std::chrono::milliseconds;
  config::TrafficPolicy top = balancing(config::LoadBalancer::kRoundRobin);
  top.has_connection_pool = true;
  top.connect_timeout = milliseconds(1500);
  top.ports.emplace_back(std::uint16_t{81}, balancing(config::LoadBalancer::kRandom));
  MergedRule rule;
  rule.policy = &top;
  CHECK(effective_policy(nullptr, nullptr, 80).load_balancer == LoadBalancer::kLeastRequest);
  CHECK(effective_policy(nullptr, nullptr, 80).connect_timeout == milliseconds(10'000));
  CHECK(effective_policy(&rule, nullptr, 80).load_balancer == LoadBalancer::kRoundRobin);
  CHECK(effective_policy(&rule, nullptr, 80).connect_timeout == milliseconds(1500));
  CHECK(effective_policy(&rule, nullptr, 81).load_balancer == LoadBalancer::kRandom);
  CHECK(effective_policy(&rule, nullptr, 81).connect_timeout == milliseconds(10'000));

  config::Subset subset;
  subset.policy = config::TrafficPolicy{};
  CHECK(effective_policy(&rule, &subset, 80).load_balancer == LoadBalancer::kRoundRobin);
  subset.policy->has_connection_pool = true;
  CHECK(effective_policy(&rule, &subset, 80).connect_timeout == milliseconds(10'000));
  CHECK(effective_policy(&rule, &subset, 80).load_balancer == LoadBalancer::kRoundRobin);
  subset.policy = balancing(config::LoadBalancer::kLeastRequest);
  CHECK(effective_policy(&rule, &subset, 81).load_balancer == LoadBalancer::kLeastRequest);
  subset.policy->ports.emplace_back(std::uint16_t{81},
                                    balancing(config::LoadBalancer::kPassthrough));
  CHECK(effective_policy(&rule, &subset, 81).load_balancer == LoadBalancer::kPassthrough);
  CHECK(effective_policy(&rule, &subset, 80).load_balancer == LoadBalancer::kLeastRequest);
}

}  // namespace sm::plan
