// SPDX-License-Identifier: Apache-2.0
#include "daemon/wishes.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
config::Enrolment rule(const char* name, bool enrolled) {
  auto pod = std::make_shared<config::Pod>();
  pod->meta.ref = {"Pod", "shop", name, "pods.yaml", 1};
  pod->ips = {*IpAddress::parse("10.0.0.1")};
  config::Enrolment made;
  made.pod = pod;
  made.enrolled = enrolled;
  made.netns = std::string("/run/netns/") + name;
  return made;
}
}  // namespace

TEST_CASE("daemon: an enrolled pod is wished with its owners, one outside the mesh as a bypass") {
  const plan::RunPlan plan;
  const auto wishes = wishes_of({rule("a", true), rule("b", false)}, plan, {4, 2});
  REQUIRE(wishes.size() == 2);
  CHECK(wishes[0].key == "shop/a");
  CHECK(wishes[0].netns_path == "/run/netns/a");
  CHECK_FALSE(wishes[0].bypass);
  CHECK(wishes[0].workers.size() == 2);
  CHECK(wishes[0].ips.size() == 1);
  CHECK(wishes[1].bypass);
  CHECK(wishes[1].workers.empty());
}

TEST_CASE("daemon: pods that have ended, or whose namespace nobody knows, are not wished") {
  config::Enrolment gone = rule("a", true);
  gone.gone = true;
  config::Enrolment nowhere = rule("b", false);
  nowhere.netns.clear();
  CHECK(wishes_of({gone, nowhere}, plan::RunPlan{}, {1, 1}).empty());
}

TEST_CASE("daemon: a gateway is wished with all workers and the ports of its Gateways, in order") {
  config::Enrolment gateway = rule("gw", true);
  gateway.gateway = true;
  plan::RunPlan plan;
  plan.pods["shop/gw"].gateway_ports[8443];
  plan.pods["shop/gw"].gateway_ports[8080];
  const auto wishes = wishes_of({gateway}, plan, {3, 1});
  REQUIRE(wishes.size() == 1);
  CHECK(wishes[0].gateway);
  CHECK(wishes[0].workers.size() == 3);
  CHECK(wishes[0].gateway_ports == std::vector<std::uint16_t>{8080, 8443});
}

TEST_CASE("daemon: the concurrency that a pod asks for is the number of its owners") {
  plan::RunPlan plan;
  plan.pods["shop/a"].wanted_workers = 3;
  plan.pods["shop/b"].wanted_workers = 0;
  const auto wishes = wishes_of({rule("a", true), rule("b", true)}, plan, {4, 1});
  CHECK(wishes[0].workers.size() == 3);
  CHECK(wishes[1].workers.size() == 4);
}

TEST_CASE("daemon: what a pod leaves out and how strict its policy is are part of its wish") {
  config::Enrolment some = rule("a", true);
  some.lists.out_ports_exclude = {3306};
  plan::RunPlan plan;
  plan.pods["shop/a"].strict = true;
  plan.pods["shop/b"];
  const auto wishes = wishes_of({some, rule("b", true), rule("c", false)}, plan, {1, 1});
  REQUIRE(wishes.size() == 3);
  CHECK(wishes[0].lists == some.lists);
  CHECK(wishes[0].strict);
  CHECK(wishes[1].lists.takes_everything());
  CHECK_FALSE(wishes[1].strict);
  CHECK_FALSE(wishes[2].strict);
}

}  // namespace sm::daemon
