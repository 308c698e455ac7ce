// SPDX-License-Identifier: Apache-2.0
// Judge: says of one message of a document what Istio's webhook would say. Borrows both; lives for
// one function. For validate_*.cc only.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "config/reporter.h"
#include "config/view.h"

namespace sm::config {

class Judge {
 public:
  Judge(const View& view, Reporter& report) : x_view(view), x_report(report) {}

  // Of a field, or of the message when the field is absent.
  void refuse(std::string_view field, std::string message, std::string remedy) const {
    refuse(field, x_view.mark(field), std::move(message), std::move(remedy));
  }
  // Of one entry of a field.
  void refuse(std::string_view field, Mark mark, std::string message, std::string remedy) const {
    x_report.invalid(x_view.path(field), mark, std::move(message), std::move(remedy));
  }
  // Of the message as a whole.
  void refuse_all(std::string message, std::string remedy) const {
    x_report.invalid(x_view.path(), x_view.mark(), std::move(message), std::move(remedy));
  }
  // What the webhook takes with a warning.
  void warn(std::string_view field, std::string message, std::string remedy) const {
    x_report.add(code::kSchemaWarning, Severity::kWarning, x_view.path(field), x_view.mark(field),
                 std::move(message), std::move(remedy));
  }

  const View& view() const { return x_view; }
  Reporter& report() const { return x_report; }

 private:
  const View& x_view;
  Reporter& x_report;
};

}  // namespace sm::config
