// SPDX-License-Identifier: Apache-2.0
// Finding: something to be said about a resource: where, what is wrong, and what to write instead. Nothing is ignored in
// silence: whatever the loader or the planner does not honour is a finding. A document with a finding of severity kError is
// quarantined alone.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "config/mark.h"

namespace sm::config {

enum class Severity : unsigned char { kInfo, kWarning, kError };
std::string_view to_string(Severity severity);

struct Finding {
  std::string code;  // an IST code where Istio's analysers have one ("IST0101"), else "SM...." of our own
  Severity severity = Severity::kError;
  ObjectRef object;
  Mark mark;
  std::string path;     // "spec.http[0].route[0].destination.subset"
  std::string message;  // one sentence
  std::string remedy;   // what to write instead; may be empty

  // "file:line:column: severity: message [code] (kind ns/name, path); remedy"
  std::string describe() const;
  Json to_json() const;  // the shape F of interfaces.md 3.1
};

using Findings = std::vector<Finding>;

}  // namespace sm::config
