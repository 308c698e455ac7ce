// SPDX-License-Identifier: Apache-2.0
#include "config/documents.h"

#include <doctest/doctest.h>

namespace sm::config {

namespace {
ObjectRef ref(const char* name) { return {"VirtualService", "shop", name, "v.yaml", 3}; }

Finding finding(const char* name, Severity severity) {
  Finding made;
  made.object = ref(name);
  made.severity = severity;
  return made;
}
}  // namespace

TEST_CASE("config: a finding of the planner warns of a document and quarantines none") {
  Snapshot snapshot;
  for (const char* name : {"fine", "warned", "broken", "info"})
    snapshot.documents.push_back({ref(name)});
  snapshot.documents.push_back({ref("bad"), DocumentState::kQuarantined, true});
  const Findings findings = {finding("warned", Severity::kWarning),
                             finding("broken", Severity::kWarning),
                             finding("broken", Severity::kError), finding("info", Severity::kInfo),
                             finding("bad", Severity::kWarning)};
  const auto documents = documents_of(snapshot, findings);
  CHECK(documents[0].state == DocumentState::kAccepted);
  CHECK(documents[1].state == DocumentState::kWarned);
  CHECK(documents[2].state == DocumentState::kWarned);  // it is in force all the same
  CHECK(documents[3].state == DocumentState::kAccepted);
  CHECK(documents[4].state == DocumentState::kQuarantined);
  CHECK(count_quarantined(documents) == 1);
}

TEST_CASE(
    "config: a document is shown with its place, a quarantined one with what is in force instead") {
  CHECK(
      dump_json(to_json(Document{ref("a")})) ==
      R"({"kind":"VirtualService","namespace":"shop","name":"a","file":"v.yaml","line":3,"state":"accepted"})");
  CHECK(to_json(Document{ref("a"), DocumentState::kQuarantined, true})["lastGoodInForce"] == true);
}

}  // namespace sm::config
