// SPDX-License-Identifier: Apache-2.0
#include "config/finding.h"

#include <fmt/format.h>

#include <algorithm>

namespace sm::config {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

std::string Finding::describe() const {
  std::string out = fmt::format("{}:{}:{}: {}: {} [{}]", object.file, mark.line, mark.column,
                                to_string(severity), message, code);
  if (!object.kind.empty()) {
    out += fmt::format(" ({} {}{}{}{}{})", object.kind, object.namespace_,
                       object.namespace_.empty() ? "" : "/", object.name, path.empty() ? "" : ", ",
                       path);
  }
  if (!remedy.empty()) out += "; " + remedy;
  return out;
}

Json Finding::to_json() const {
  return Json{{"code", code},        {"severity", std::string(to_string(severity))},
              {"kind", object.kind}, {"namespace", object.namespace_},
              {"name", object.name}, {"file", object.file},
              {"line", mark.line},   {"column", mark.column},
              {"path", path},        {"message", message},
              {"remedy", remedy}};
}

bool has_error(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& f) { return f.severity == Severity::kError; });
}

bool is_invalid(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& f) {
    return f.severity == Severity::kError && f.code != code::kUnsupported;
  });
}

}  // namespace sm::config
