// SPDX-License-Identifier: Apache-2.0
#include "daemon/pod_rows.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
config::Enrolment rule(const char* name, bool enrolled, const char* reason = "") {
  auto pod = std::make_shared<config::Pod>();
  pod->meta.ref = {"Pod", "shop", name, "pods.yaml", 1};
  pod->ips = {*IpAddress::parse("10.0.0.1")};
  config::Enrolment made;
  made.pod = pod;
  made.enrolled = enrolled;
  made.reason = reason;
  return made;
}

capture::PodStatus status(const char* key, capture::PodState state) {
  capture::PodStatus made;
  made.key = key;
  made.state = state;
  made.netns_cookie = 17;
  made.workers = {1};
  return made;
}
}  // namespace

TEST_CASE("daemon: a pod in the mesh is shown with its state, owners and sessions") {
  const Json rows = pod_rows("node-a", {rule("a", true)},
                             {status("shop/a", capture::PodState::kReady)}, {{"shop/a", 3}});
  REQUIRE(rows.size() == 1);
  CHECK(dump_json(rows[0]) ==
        R"({"namespace":"shop","name":"a","state":"Ready","node":"node-a","ips":["10.0.0.1"],)"
        R"("netnsCookie":17,"workers":[1],"gateway":false,"sessions":3,"message":"",)"
        R"("lists":{"includeOutboundIPRanges":["*"],"excludeOutboundIPRanges":[],)"
        R"("includeOutboundPorts":[],"excludeOutboundPorts":[],"includeInboundPorts":["*"],)"
        R"("excludeInboundPorts":[]},"selfTest":{"passed":0,"failed":0,"lastFailure":""},)"
        R"("oldConnections":[]})");
}

TEST_CASE("daemon: a pod outside the mesh is shown with the reason, though the kernel knows it") {
  const Json rows = pod_rows("node-a", {rule("a", false, "label says no")},
                             {status("shop/a", capture::PodState::kReady)}, {});
  CHECK(rows[0]["state"] == "NotEnrolled");
  CHECK(rows[0]["message"] == "label says no");
  CHECK(rows[0]["sessions"].is_null());
}

TEST_CASE("daemon: a pod that waits is shown with what it waits for") {
  capture::PodStatus waiting = status("shop/a", capture::PodState::kSeen);
  waiting.error = Error{ErrorCode::kNotFound, "no such namespace", "make it"};
  const Json rows = pod_rows("node-a", {rule("a", true)}, {waiting}, {});
  CHECK(rows[0]["state"] == "Seen");
  CHECK(rows[0]["message"] == "no such namespace; make it");
}

TEST_CASE("daemon: pods that are still being released are shown after the others, ended ones not") {
  config::Enrolment ended = rule("gone", true);
  ended.gone = true;
  const Json rows = pod_rows("node-a", {ended, rule("a", true)},
                             {status("shop/leaving", capture::PodState::kReleasing)}, {});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["name"] == "a");
  CHECK(rows[1]["name"] == "leaving");
  CHECK(rows[1]["state"] == "Releasing");
}

TEST_CASE("daemon: a pod is shown with what it leaves out, its self-test and what is older") {
  config::Enrolment some = rule("a", true);
  some.lists.all_out = false;
  some.lists.out_include = {*Cidr::parse("10.0.0.0/8"), *Cidr::parse("fd00::1")};
  some.lists.out_ports_exclude = {3306};
  some.lists.in_ports_exclude = {9000, 9001};
  capture::PodStatus known = status("shop/a", capture::PodState::kReady);
  known.self_test = {7, 1, "not captured"};
  known.old_connections = {
      {*SocketAddress::parse("10.0.0.1:40000"), *SocketAddress::parse("[fd00::2]:5432"), true}};
  const Json row = pod_rows("node-a", {some}, {known}, {})[0];
  CHECK(dump_json(row["lists"]) ==
        R"({"includeOutboundIPRanges":["10.0.0.0/8","fd00::1/128"],"excludeOutboundIPRanges":[],)"
        R"("includeOutboundPorts":[],"excludeOutboundPorts":[3306],"includeInboundPorts":["*"],)"
        R"("excludeInboundPorts":[9000,9001]})");
  CHECK(dump_json(row["selfTest"]) == R"({"passed":7,"failed":1,"lastFailure":"not captured"})");
  CHECK(dump_json(row["oldConnections"]) ==
        R"([{"local":"10.0.0.1:40000","remote":"[fd00::2]:5432","destroyed":true}])");
}

TEST_CASE("daemon: a pod outside the mesh has neither lists nor a self-test") {
  capture::PodStatus outside = status("shop/a", capture::PodState::kReady);
  outside.bypass = true;
  const Json row = pod_rows("node-a", {rule("a", false, "label says no")}, {outside}, {})[0];
  CHECK(row["lists"].is_null());
  CHECK(row["selfTest"].is_null());
  CHECK(row["oldConnections"].empty());
}

}  // namespace sm::daemon
