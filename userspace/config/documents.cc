// SPDX-License-Identifier: Apache-2.0
#include "config/documents.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace sm::config {

namespace {
std::string place(const ObjectRef& ref) {
  return ref.key() + "@" + ref.file + ":" + std::to_string(ref.line);
}

std::string_view to_string(DocumentState state) {
  switch (state) {
    case DocumentState::kAccepted:
      return "accepted";
    case DocumentState::kWarned:
      return "warned";
    case DocumentState::kQuarantined:
      return "quarantined";
    case DocumentState::kIgnored:
      return "ignored";
  }
  return "accepted";
}
}  // namespace

std::vector<Document> documents_of(const Snapshot& snapshot, const Findings& plan_findings) {
  std::map<std::string, Severity> worst;
  for (const Finding& finding : plan_findings) {
    auto [found, fresh] = worst.emplace(place(finding.object), finding.severity);
    if (!fresh) found->second = std::max(found->second, finding.severity);
  }
  std::vector<Document> documents = snapshot.documents;
  for (Document& document : documents) {
    const auto found = worst.find(place(document.ref));
    if (found == worst.end()) continue;
    if (found->second >= Severity::kWarning && document.state == DocumentState::kAccepted) {
      document.state = DocumentState::kWarned;
    }
  }
  return documents;
}

std::size_t count_quarantined(const std::vector<Document>& documents) {
  return static_cast<std::size_t>(std::count_if(
      documents.begin(), documents.end(),
      [](const Document& document) { return document.state == DocumentState::kQuarantined; }));
}

Json to_json(const Document& document) {
  Json json{{"kind", document.ref.kind}, {"namespace", document.ref.namespace_},
            {"name", document.ref.name}, {"file", document.ref.file},
            {"line", document.ref.line}, {"state", to_string(document.state)}};
  if (document.state == DocumentState::kQuarantined) {
    json["lastGoodInForce"] = document.last_good_in_force;
  }
  return json;
}

}  // namespace sm::config
