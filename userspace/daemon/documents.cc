// SPDX-License-Identifier: Apache-2.0
#include "daemon/documents.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace sm::daemon {

namespace {
using config::DocumentState;
using config::Severity;

std::string place(const config::ObjectRef& ref) {
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

std::vector<config::Document> documents_of(const config::Snapshot& snapshot,
                                           const config::Findings& plan_findings) {
  std::map<std::string, Severity> worst;
  for (const config::Finding& finding : plan_findings) {
    auto [found, fresh] = worst.emplace(place(finding.object), finding.severity);
    if (!fresh) found->second = std::max(found->second, finding.severity);
  }
  std::vector<config::Document> documents = snapshot.documents;
  for (config::Document& document : documents) {
    const auto found = worst.find(place(document.ref));
    if (found == worst.end()) continue;
    if (found->second >= Severity::kWarning && document.state == DocumentState::kAccepted) {
      document.state = DocumentState::kWarned;
    }
  }
  return documents;
}

std::size_t count_quarantined(const std::vector<config::Document>& documents) {
  return static_cast<std::size_t>(
      std::count_if(documents.begin(), documents.end(), [](const config::Document& document) {
        return document.state == DocumentState::kQuarantined;
      }));
}

Json to_json(const config::Document& document) {
  Json json{{"kind", document.ref.kind}, {"namespace", document.ref.namespace_},
            {"name", document.ref.name}, {"file", document.ref.file},
            {"line", document.ref.line}, {"state", to_string(document.state)}};
  if (document.state == DocumentState::kQuarantined) {
    json["lastGoodInForce"] = document.last_good_in_force;
  }
  return json;
}

}  // namespace sm::daemon
