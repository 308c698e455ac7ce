// SPDX-License-Identifier: Apache-2.0
// Finding: something to be said about a resource: where, what is wrong, and what to write instead.
// Nothing is ignored in silence: whatever the loader or the planner does not honour is a finding. A
// document with a finding of severity kError is quarantined alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "config/mark.h"

namespace sm::config {

enum class Severity : unsigned char { kInfo, kWarning, kError };
std::string_view to_string(Severity severity);

struct Finding {
  std::string
      code;  // an IST code where Istio's analysers have one ("IST0101"), else "SM...." of our own
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

// The codes of the loader's own findings. Istio's analysers' where they say the same thing.
namespace code {
inline constexpr std::string_view kUnreadable = "SM0001";  // a file or directory cannot be read
inline constexpr std::string_view kNotYaml =
    "SM0002";  // a file is no YAML (JSON), or beyond a limit
inline constexpr std::string_view kNoObject = "SM0003";   // a document is no Kubernetes object
inline constexpr std::string_view kDuplicate = "SM0004";  // two documents describe one object
inline constexpr std::string_view kUnknownField = "SM0101";
inline constexpr std::string_view kUnknownKind = "SM0102";
inline constexpr std::string_view kInvalidKube = "SM0201";  // Kubernetes would refuse the object
inline constexpr std::string_view kInvalid =
    "IST0106";  // Istio's webhook or CRD schema would refuse the object
inline constexpr std::string_view kDeprecated = "IST0002";
inline constexpr std::string_view kUnreachableRule = "IST0130";
inline constexpr std::string_view kIneffectiveMatch = "IST0131";
inline constexpr std::string_view kSchemaWarning =
    "IST0133";  // Istio's webhook would take the object with a warning
inline constexpr std::string_view kInvalidAnnotation = "IST0125";
inline constexpr std::string_view kUnsupported =
    "SM0901";  // fine by Istio's rules, not honoured by this version
}  // namespace code

bool has_error(const Findings& findings);
// Whether the rules of Istio or Kubernetes are broken; what this version merely does not support is
// not invalid.
bool is_invalid(const Findings& findings);

}  // namespace sm::config
