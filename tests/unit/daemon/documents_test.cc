// SPDX-License-Identifier: Apache-2.0
#include "daemon/documents.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
config::ObjectRef ref(const char* name) { return {"VirtualService", "shop", name, "v.yaml", 3}; }

config::Finding finding(const char* name, config::Severity severity) {
  config::Finding made;
  made.object = ref(name);
  made.severity = severity;
  return made;
}
}  // namespace

TEST_CASE("daemon: a finding of the planner warns of a document and quarantines none") {
  config::Snapshot snapshot;
  for (const char* name : {"fine", "warned", "broken", "info"})
    snapshot.documents.push_back({ref(name)});
  snapshot.documents.push_back({ref("bad"), config::DocumentState::kQuarantined, true});
  const config::Findings findings = {
      finding("warned", config::Severity::kWarning), finding("broken", config::Severity::kWarning),
      finding("broken", config::Severity::kError), finding("info", config::Severity::kInfo),
      finding("bad", config::Severity::kWarning)};
  const auto documents = documents_of(snapshot, findings);
  CHECK(documents[0].state == config::DocumentState::kAccepted);
  CHECK(documents[1].state == config::DocumentState::kWarned);
  CHECK(documents[2].state == config::DocumentState::kWarned);  // it is in force all the same
  CHECK(documents[3].state == config::DocumentState::kAccepted);
  CHECK(documents[4].state == config::DocumentState::kQuarantined);
  CHECK(count_quarantined(documents) == 1);
}

TEST_CASE(
    "daemon: a document is shown with its place, a quarantined one with what is in force instead") {
  CHECK(
      dump_json(to_json(config::Document{ref("a")})) ==
      R"({"kind":"VirtualService","namespace":"shop","name":"a","file":"v.yaml","line":3,"state":"accepted"})");
  CHECK(to_json(config::Document{ref("a"), config::DocumentState::kQuarantined,
                                 true})["lastGoodInForce"] == true);
}

}  // namespace sm::daemon
