// SPDX-License-Identifier: Apache-2.0
#include "config/capture_annotations.h"

#include <doctest/doctest.h>

#include <utility>

#include "config/enrolment_rules.h"
#include "judge.h"

namespace sm::config {
namespace {

// A pod with these lines below metadata.annotations, from line 8 on.
SnapshotPtr pod_with(const std::string& annotations) {
  return judge(
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: ns\n  annotations:\n"
      "    sockmesh.io/netns: /run/netns/p\n" +
      annotations + "spec: {nodeName: n}\nstatus: {podIP: 10.0.0.1}\n");
}

std::string line(const std::string& name, const std::string& value) {
  return "    traffic.sidecar.istio.io/" + name + ": \"" + value + "\"\n";
}

CaptureLists lists_of(const std::string& name, const std::string& value) {
  const auto snapshot = pod_with(line(name, value));
  REQUIRE_MESSAGE(snapshot->findings.empty(), all_findings(*snapshot));
  return snapshot->pods.at(0)->lists;
}

SocketAddress to(const char* text) { return SocketAddress::parse(text).value(); }

}  // namespace

TEST_CASE("config: a pod without annotations leaves nothing out") {
  CHECK(pod_with("")->pods.at(0)->lists.takes_everything());
  CHECK(lists_of("includeOutboundIPRanges", "*").takes_everything());
  CHECK(lists_of("includeInboundPorts", " * ").takes_everything());
  for (const char* name : {"excludeOutboundIPRanges", "includeOutboundPorts",
                           "excludeOutboundPorts", "excludeInboundPorts"}) {
    CHECK_MESSAGE(lists_of(name, "").takes_everything(), name);
  }
}

TEST_CASE("config: includeOutboundIPRanges: only these, of both families; nothing when empty") {
  const CaptureLists some = lists_of("includeOutboundIPRanges", "10.0.0.0/8, fd00::/8 ,192.0.2.1");
  CHECK_FALSE(some.all_out);
  CHECK(some.takes_outbound(to("10.1.2.3:80")));
  CHECK(some.takes_outbound(to("[fd00::1]:80")));
  CHECK(some.takes_outbound(to("192.0.2.1:80")));
  CHECK_FALSE(some.takes_outbound(to("192.0.2.2:80")));
  CHECK_FALSE(some.takes_outbound(to("[2001:db8::1]:80")));
  CHECK(some.takes_inbound(80));
  const CaptureLists none = lists_of("includeOutboundIPRanges", "");
  CHECK_FALSE(none.takes_outbound(to("10.1.2.3:80")));
}

TEST_CASE("config: excludeOutboundIPRanges and the two lists of outbound ports") {
  const CaptureLists range = lists_of("excludeOutboundIPRanges", "192.0.2.0/24");
  CHECK(range.takes_outbound(to("10.0.0.1:80")));
  CHECK_FALSE(range.takes_outbound(to("192.0.2.9:80")));
  const CaptureLists port = lists_of("excludeOutboundPorts", "3306, 9042");
  CHECK(port.out_ports_exclude == std::vector<std::uint16_t>{3306, 9042});
  CHECK_FALSE(port.takes_outbound(to("10.0.0.1:9042")));
  const auto both =
      pod_with(line("includeOutboundIPRanges", "") + line("includeOutboundPorts", "80,443") +
               line("excludeOutboundIPRanges", "10.0.0.0/8"));
  const CaptureLists& lists = both->pods.at(0)->lists;
  CHECK(lists.takes_outbound(to("192.0.2.1:443")));
  CHECK_FALSE(lists.takes_outbound(to("192.0.2.1:444")));
  // What is excluded stays so, whatever includes it.
  CHECK_FALSE(lists.takes_outbound(to("10.0.0.1:443")));
}

TEST_CASE("config: the two lists of inbound ports") {
  const CaptureLists some = lists_of("includeInboundPorts", "8080,9090");
  CHECK(some.takes_inbound(8080));
  CHECK_FALSE(some.takes_inbound(22));
  CHECK_FALSE(lists_of("includeInboundPorts", "").takes_inbound(8080));
  const CaptureLists but = lists_of("excludeInboundPorts", "9090");
  CHECK(but.takes_inbound(8080));
  CHECK_FALSE(but.takes_inbound(9090));
}

TEST_CASE("config: the order and the repetitions of a list are no difference") {
  CHECK(lists_of("excludeOutboundPorts", "2,1,2") == lists_of("excludeOutboundPorts", "1,2"));
  CHECK(lists_of("excludeOutboundIPRanges", "192.0.2.1,10.0.0.0/8") ==
        lists_of("excludeOutboundIPRanges", "10.0.0.0/8,192.0.2.1/32,10.0.0.0/8"));
}

TEST_CASE("config: a value that Istio's injector refuses is told with its place; all is captured") {
  const std::pair<const char*, const char*> rows[] = {
      {"includeOutboundIPRanges", "10.0.0.0/33"},
      {"includeOutboundIPRanges", "*,10.0.0.0/8"},
      {"includeOutboundIPRanges", "all"},
      {"excludeOutboundIPRanges", "*"},
      {"excludeOutboundIPRanges", "fd00::/129"},
      {"excludeOutboundIPRanges", "10.0.0.0/8,"},
      {"includeOutboundPorts", "*"},
      {"excludeOutboundPorts", "65536"},
      {"excludeOutboundPorts", "http"},
      {"includeInboundPorts", "80;81"},
      {"includeInboundPorts", "-1"},
      {"excludeInboundPorts", "80,,81"},
  };
  for (const auto& row : rows) {
    const char* name = row.first;
    const char* value = row.second;
    CAPTURE(name);
    CAPTURE(value);
    const auto snapshot =
        pod_with(line("excludeInboundPorts2", "") + line(name, value) + line("x", ""));
    REQUIRE(snapshot->pods.size() == 1);
    CHECK(state(*snapshot) == DocumentState::kWarned);
    CHECK(snapshot->pods[0]->lists.takes_everything());
    const Finding* finding = find(*snapshot, std::string(name) + "]", Severity::kWarning);
    REQUIRE_MESSAGE(finding != nullptr, all_findings(*snapshot));
    CHECK(finding->code == "IST0125");
    CHECK(finding->mark.line == 9);
    CHECK(finding->mark.column > 30);
    CHECK(finding->path ==
          "metadata.annotations[traffic.sidecar.istio.io/" + std::string(name) + "]");
    CHECK(finding->message.find("all connections of the pod are captured") != std::string::npos);
    CHECK_FALSE(finding->remedy.empty());
  }
}

TEST_CASE("config: one annotation that cannot be read makes the others of the pod void too") {
  const auto snapshot =
      pod_with(line("excludeInboundPorts", "9090") + line("excludeOutboundPorts", "x"));
  CHECK(snapshot->pods.at(0)->lists.takes_everything());
  const auto answers = enrolments(*snapshot, "n");
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].enrolled);
  CHECK(answers[0].lists.takes_everything());
}

TEST_CASE("config: annotations of this family that are not applied are told") {
  const auto snapshot = pod_with(line("kubevirtInterfaces", "eth1"));
  CHECK(state(*snapshot) == DocumentState::kWarned);
  REQUIRE(snapshot->findings.size() == 1);
  CHECK(snapshot->findings[0].code == "SM0901");
  const auto gateway =
      pod_with("    sockmesh.io/gateway: \"true\"\n" + line("excludeInboundPorts", "9090"));
  REQUIRE(gateway->findings.size() == 1);
  CHECK(gateway->findings[0].message.find("gateway") != std::string::npos);
  CHECK(gateway->pods.at(0)->lists.takes_everything());
}

TEST_CASE("config: an enrolled pod's lists are part of the answer, of the others none") {
  const auto with = [](const char* inject) {
    return pod_with(line("excludeOutboundPorts", "3306") + "    sidecar.istio.io/inject: \"" +
                    inject + "\"\n");
  };
  CHECK(enrolments(*with("true"), "n").at(0).lists.out_ports_exclude.size() == 1);
  CHECK(enrolments(*with("false"), "n").at(0).lists.takes_everything());
}

}  // namespace sm::config
