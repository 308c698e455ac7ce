// SPDX-License-Identifier: Apache-2.0
#include "config/enrolment_rules.h"

#include <doctest/doctest.h>

#include "judge.h"

namespace sm::config {
namespace {

struct Row {
  const char* labels;  // of the Namespace object; nullptr: there is none
  const char* pod_labels;
  const char* annotations;  // besides the netns
  const char* rest;         // spec and status
  bool enrolled;
  const char* reason;
};

TEST_CASE("config: which pods of a node are enrolled, and why the others are not") {
  const char* node = "spec: {nodeName: n}";
  const Row rows[] = {
      {nullptr, "", "", node, true, ""},
      {"istio-injection: enabled", "", "", node, true, ""},
      {"a: b", "", "", node, false, "lacks the label"},
      {"istio-injection: disabled", "", "", node, false, "disabled"},
      {"a: b", "sidecar.istio.io/inject: \"true\"", "", node, true, ""},
      {"a: b", "", ", sidecar.istio.io/inject: \"true\"", node, true, ""},
      {"istio-injection: disabled", "sidecar.istio.io/inject: \"true\"", "", node, false,
       "disabled"},
      {"istio-injection: enabled", "", ", sidecar.istio.io/inject: \"false\"", node, false,
       "inject is false"},
      {nullptr, "sidecar.istio.io/inject: \"false\"", "", node, false, "inject is false"},
      // The label wins over the annotation.
      {"istio-injection: enabled", "sidecar.istio.io/inject: \"true\"",
       ", sidecar.istio.io/inject: \"false\"", node, true, ""},
      {"a: b", "", ", sockmesh.io/gateway: \"true\"", node, true, ""},
      {nullptr, "sidecar.istio.io/inject: \"false\"", ", sockmesh.io/gateway: \"true\"", node, true,
       ""},
      {nullptr, "", "", "spec: {nodeName: n, hostNetwork: true}", false, "host's network"},
      {nullptr, "", ", sockmesh.io/gateway: \"true\"", "spec: {nodeName: n, hostNetwork: true}",
       false, "host's network"},
      {nullptr, "", "", "spec: {nodeName: n}\nstatus: {phase: Succeeded}", false, "has ended"},
      {nullptr, "", "", "spec: {nodeName: n}\nstatus: {phase: Failed}", false, "has ended"},
      {nullptr, "", "", "spec: {nodeName: n}\nstatus: {phase: Running}", true, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.annotations);
    CAPTURE(row.rest);
    std::string text =
        std::string("apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ns, labels: {") +
        row.pod_labels + "}, annotations: {sockmesh.io/netns: /run/netns/p" + row.annotations +
        "}}\n" + row.rest + "\n";
    if (row.labels != nullptr) {
      text += std::string("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {") +
              row.labels + "}}\n";
    }
    const auto snapshot = judge(text);
    const auto answers = enrolments(*snapshot, "n");
    REQUIRE_MESSAGE(answers.size() == 1, all_findings(*snapshot));
    CHECK(answers[0].enrolled == row.enrolled);
    CHECK(answers[0].reason.find(row.reason) != std::string::npos);
    CHECK(answers[0].reason.empty() == row.enrolled);
    CHECK(answers[0].netns == "/run/netns/p");
    CHECK(enrolments(*snapshot, "other").empty());
  }
}

TEST_CASE("config: a pod without a netns annotation cannot be enrolled, one that ended is gone") {
  const auto snapshot = judge(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeName: n}\n---\n"
      "apiVersion: v1\nkind: Pod\nmetadata: {name: b, deletionTimestamp: \"2026-01-01T00:00:00Z\", "
      "annotations: {sockmesh.io/netns: /n}}\n"
      "spec: {nodeName: n}\n");
  const auto answers = enrolments(*snapshot, "n");
  REQUIRE(answers.size() == 2);
  CHECK_FALSE(answers[0].enrolled);
  CHECK_FALSE(answers[0].gone);
  CHECK(answers[0].reason.find("sockmesh.io/netns") != std::string::npos);
  CHECK(answers[1].gone);
  CHECK_FALSE(answers[1].enrolled);
}

}  // namespace
}  // namespace sm::config
