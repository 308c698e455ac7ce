// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <doctest/doctest.h>

#include "config/schemas.h"
#include "judge.h"

namespace sm::config {
namespace {

TEST_CASE("config: both spellings name a field") {
  CHECK(spells("mirrorPercent", "mirrorPercent"));
  CHECK(spells("mirror_percent", "mirrorPercent"));
  CHECK(spells("consecutive_5xx_errors", "consecutive5xxErrors"));
  CHECK(spells("http1_max_pending_requests", "http1MaxPendingRequests"));
  CHECK_FALSE(spells("mirror_Percent", "mirrorPercent"));
  CHECK_FALSE(spells("mirrorpercent", "mirrorPercent"));
  CHECK_FALSE(spells("mirror_percent_", "mirrorPercent"));
  CHECK_FALSE(spells("mirror_", "mirrorPercent"));
}

TEST_CASE("config: an unknown field is a warning with place, path and the field that was meant") {
  const auto snapshot =
      judge(istio("VirtualService",
                  "  hosts: [a]\n  http:\n  - rout:\n    - destination: {host: a}\n    route:\n"
                  "    - destination: {host: a}\n"));
  const Finding* finding = find(*snapshot, "spec.http[0].rout", Severity::kWarning);
  REQUIRE(finding != nullptr);
  CHECK(finding->code == code::kUnknownField);
  CHECK(finding->mark.line == 7);
  CHECK(finding->mark.column == 5);
  CHECK(finding->remedy == "did you mean route?");
  CHECK(state(*snapshot) == DocumentState::kWarned);
  CHECK(snapshot->virtual_services.size() == 1);
}

TEST_CASE("config: a field in both spellings is refused") {
  const auto snapshot = judge(
      istio("VirtualService",
            "  hosts: [a]\n  http:\n  - route: [{destination: {host: a}}]\n    mirrorPercent: 1\n"
            "    mirror_percent: 2\n"));
  CHECK(find(*snapshot, "mirror_percent") != nullptr);
}

TEST_CASE("config: an ill-typed field is refused with what was expected") {
  struct Row {
    const char* spec;
    const char* path;
    const char* expected;
  };
  const Row rows[] = {
      {"  hosts: a\n  http: [{route: [{destination: {host: a}}]}]\n", "spec.hosts", "a list"},
      {"  hosts: [a]\n  http: [{route: [{destination: {host: 5}}]}]\n", "destination.host",
       "a string"},
      {"  hosts: [a]\n  http: [{route: [{destination: {host: a}, weight: \"5\"}]}]\n", "weight",
       "an integer"},
      {"  hosts: [a]\n  http: [{route: [{destination: {host: a, port: {number: -1}}}]}]\n",
       "port.number", "an integer of 0"},
      {"  hosts: [a]\n  http: [{timeout: 5, route: [{destination: {host: a}}]}]\n", "timeout",
       "a duration"},
      {"  hosts: [a]\n  http: [{timeout: 1us, route: [{destination: {host: a}}]}]\n", "timeout",
       "whole milliseconds"},
      {"  hosts: [a]\n  http: [{match: [{ignoreUriCase: 1}], route: [{destination: {host: a}}]}]\n",
       "ignoreUriCase", "a boolean"},
      {"  hosts: [a]\n  http: [{headers: {request: {set: [a]}}, route: [{destination: {host: "
       "a}}]}]\n",
       "request.set", "a map"},
      {"  hosts: [a]\n  http: [{redirect: {authority: x, derivePort: HERE}}]\n", "derivePort",
       "one of FROM_PROTOCOL_DEFAULT"},
      {"  hosts: [a]\n  http: [{mirrorPercentage: {value: lots}, route: [{destination: {host: "
       "a}}]}]\n",
       "mirrorPercentage.value", "a number"},
      {"  hosts: [a]\n  http: [5]\n", "spec.http[0]", "a map"},
      {"  hosts: [a, ~]\n  http: [{route: [{destination: {host: a}}]}]\n", "spec.hosts[1]",
       "a string"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const auto snapshot = judge(istio("VirtualService", row.spec));
    const Finding* finding = find(*snapshot, row.path);
    REQUIRE_MESSAGE(finding != nullptr, all_findings(*snapshot));
    CHECK(finding->message.find(row.expected) != std::string::npos);
    CHECK(state(*snapshot) == DocumentState::kQuarantined);
    CHECK(snapshot->virtual_services.empty());
  }
}

TEST_CASE("config: a null field is an absent one") {
  const auto snapshot = judge(istio("VirtualService",
                                    "  hosts: [a]\n  gateways:\n  http: [{match: , timeout: ~, "
                                    "route: [{destination: {host: a}}]}]\n"));
  CHECK_MESSAGE(snapshot->findings.empty(), all_findings(*snapshot));
}

TEST_CASE("config: a field name that is near nothing gets no guess") {
  CHECK(nearest_field(kDestinationSchema, "hots") == "host");
  CHECK(nearest_field(kDestinationSchema, "completelyElse").empty());
}

TEST_CASE("config: findings read as file:line:column and as the JSON of the CLI") {
  const auto snapshot =
      judge(istio("VirtualService",
                  "  hosts: [a]\n  http: [{route: [{destination: {host: a}, weight: -1}]}]\n"));
  const Finding* finding = find(*snapshot, "weight");
  REQUIRE(finding != nullptr);
  CHECK(finding->describe() ==
        "t.yaml:6:44: error: weight -1 is negative [IST0106] (VirtualService ns/x, "
        "spec.http[0].route[0].weight); "
        "write a weight of 0 or more");
  const Json json = finding->to_json();
  for (const char* key : {"code", "severity", "kind", "namespace", "name", "file", "line", "column",
                          "path", "message", "remedy"}) {
    CHECK(json.contains(key));
  }
  CHECK(json["severity"] == "error");
  CHECK(json["line"] == 6);
}

}  // namespace
}  // namespace sm::config
