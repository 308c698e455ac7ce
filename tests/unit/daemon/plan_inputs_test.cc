// SPDX-License-Identifier: Apache-2.0
#include "daemon/plan_inputs.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
std::shared_ptr<config::Pod> pod(const char* name, const char* ip) {
  auto made = std::make_shared<config::Pod>();
  made->meta.ref = {"Pod", "shop", name, "pods.yaml", 1};
  made->ips = {*IpAddress::parse(ip)};
  made->ready = true;
  return made;
}

std::shared_ptr<config::Snapshot> world() {
  auto snapshot = std::make_shared<config::Snapshot>();
  snapshot->pods = {pod("a", "10.0.0.1"), pod("b", "10.0.0.2")};
  auto slice = std::make_shared<config::Endpoints>();
  slice->meta.ref = {"EndpointSlice", "shop", "s", "s.yaml", 1};
  slice->endpoints = {{{*IpAddress::parse("10.0.0.1")}, true, "a"},
                      {{*IpAddress::parse("10.0.0.2")}, true, ""},
                      {{*IpAddress::parse("10.0.0.9")}, true, ""}};
  snapshot->endpoints = {slice};
  return snapshot;
}
}  // namespace

TEST_CASE("daemon: a plan of the same objects has the same effect, whatever the findings") {
  const auto first = world();
  auto second = std::make_shared<config::Snapshot>(*first);
  second->findings.push_back({});
  second->documents.push_back({});
  const PlanInputs a{first, {"shop/a"}, {}};
  CHECK(a.same_effect({second, {"shop/a"}, {}}));
  CHECK_FALSE(a.same_effect({second, {"shop/a", "shop/b"}, {}}));
  CHECK_FALSE(a.same_effect({second, {"shop/a"}, {"shop/a"}}));
  CHECK_FALSE(a.same_effect(PlanInputs{}));
}

TEST_CASE(
    "daemon: an object that was read anew, and mesh settings that differ, make another plan") {
  const auto first = world();
  auto second = std::make_shared<config::Snapshot>(*first);
  second->pods[1] = pod("b", "10.0.0.2");
  CHECK_FALSE(PlanInputs{first, {}, {}}.same_effect({second, {}, {}}));
  auto third = std::make_shared<config::Snapshot>(*first);
  third->mesh.access_log_file = "/dev/stdout";
  CHECK_FALSE(PlanInputs{first, {}, {}}.same_effect({third, {}, {}}));
  auto fourth = std::make_shared<config::Snapshot>(*first);
  fourth->broken_security_policies.push_back(std::make_shared<config::SecurityPolicy>());
  CHECK_FALSE(PlanInputs{first, {}, {}}.same_effect({fourth, {}, {}}));
}

TEST_CASE(
    "daemon: waiting pods and the endpoints that name them are not ready in the plan's snapshot") {
  const auto loaded = world();
  const PlanInputs inputs{loaded, {"shop/a", "shop/b"}, {"shop/a", "shop/b"}};
  const auto effective = inputs.effective_snapshot();
  CHECK_FALSE(effective->pods[0]->ready);
  CHECK_FALSE(effective->pods[1]->ready);
  CHECK_FALSE(effective->endpoints[0]->endpoints[0].ready);  // by name
  CHECK_FALSE(effective->endpoints[0]->endpoints[1].ready);  // by address
  CHECK(effective->endpoints[0]->endpoints[2].ready);        // another pod's
  CHECK(loaded->pods[0]->ready);
  CHECK(loaded->endpoints[0]->endpoints[0].ready);
}

TEST_CASE("daemon: with nothing waiting the plan is made of the snapshot itself") {
  const auto loaded = world();
  CHECK(PlanInputs{loaded, {"shop/a"}, {}}.effective_snapshot() == loaded);
}

TEST_CASE("daemon: what does not wait keeps its object") {
  const auto loaded = world();
  const auto effective = PlanInputs{loaded, {"shop/a"}, {"shop/a"}}.effective_snapshot();
  CHECK(effective->pods[1] == loaded->pods[1]);
  CHECK(effective->endpoints[0]->endpoints[1].ready);
}

TEST_CASE("daemon: pods that are not enrolled or have ended are no part of the plan's pods") {
  const config::Enrolment in{pod("b", "10.0.0.2"), true, false, false, "/run/netns/b", "", ""};
  const config::Enrolment also{pod("a", "10.0.0.1"), true, false, false, "/run/netns/a", "", ""};
  const config::Enrolment out{pod("c", "10.0.0.3"), false, false, false, "", "", "opted out"};
  const config::Enrolment gone{pod("d", "10.0.0.4"), true, true, false, "/run/netns/d", "", ""};
  CHECK(enrolled_keys({in, out, gone, also}) == std::vector<std::string>{"shop/a", "shop/b"});
}

}  // namespace sm::daemon
