// SPDX-License-Identifier: Apache-2.0
// Reporter: collects the findings of one document, so that whoever checks something says only path,
// place and words. Lives while one document is decoded.
#pragma once

#include <string>
#include <string_view>

#include "config/finding.h"

namespace sm::config {

class Reporter {
 public:
  // `invalid_code`: the code of what breaks the rules of the kind (Istio's or Kubernetes').
  Reporter(ObjectRef object, std::string_view invalid_code)
      : x_object(std::move(object)), x_invalid_code(invalid_code) {}

  void invalid(const std::string& path, Mark mark, std::string message, std::string remedy) {
    add(x_invalid_code, Severity::kError, path, mark, std::move(message), std::move(remedy));
  }
  // Fine by the rules, but this version would send traffic elsewhere: quarantined.
  void unsupported(const std::string& path, Mark mark, std::string message, std::string remedy) {
    add(code::kUnsupported, Severity::kError, path, mark, std::move(message), std::move(remedy));
  }
  void not_applied(const std::string& path, Mark mark, std::string message, std::string remedy) {
    add(code::kUnsupported, Severity::kWarning, path, mark, std::move(message), std::move(remedy));
  }
  void add(std::string_view finding_code, Severity severity, const std::string& path, Mark mark,
           std::string message, std::string remedy) {
    // A place that is not known is the document's.
    if (mark.line == 0) mark = Mark{x_object.line, 1};
    x_findings.push_back(Finding{std::string(finding_code), severity, x_object, mark, path,
                                 std::move(message), std::move(remedy)});
  }

  const ObjectRef& object() const { return x_object; }
  const Findings& findings() const { return x_findings; }
  Findings take() { return std::move(x_findings); }

 private:
  ObjectRef x_object;
  std::string_view x_invalid_code;
  Findings x_findings;
};

}  // namespace sm::config
