// SPDX-License-Identifier: Apache-2.0
// What a Telemetry has to keep to.
#include <fmt/format.h>

#include "config/cel_syntax.h"
#include "config/judge.h"
#include "config/validate.h"

namespace sm::config {
namespace {

void validate_tracing(const View& tracing, Reporter& report) {
  const Judge judge(tracing, report);
  if (tracing.size("providers") > 1) {
    judge.warn("providers", "traces go to one provider", "keep one");
  }
  const double share = tracing.number("randomSamplingPercentage").value_or(0.0);
  if (share < 0.0 || share > 100.0) {
    judge.refuse("randomSamplingPercentage", fmt::format("{} is no percentage", share),
                 "write a number from 0 to 100");
  }
  for (const auto& [name, tag] : tracing.map("customTags")) {
    if (name.empty()) judge.refuse("customTags", "a tag needs a name", "name the tag");
  }
}

void validate_override(const View& metric, Reporter& report) {
  for (const auto& [name, tag] : metric.map("tagOverrides")) {
    const Judge judge(tag, report);
    const bool removes = tag.text("operation") == "REMOVE";
    if (removes && tag.has("value")) {
      judge.refuse("value", "a tag that is removed has no value", "remove value");
    } else if (!removes && tag.text("value").empty()) {
      judge.refuse("value", "a tag needs a value", "write an expression, or operation: REMOVE");
    }
  }
}

}  // namespace

void validate_telemetry(const View& spec, Reporter& report) {
  if (const auto selector = spec.child("selector")) {
    validate_selector(*selector, "matchLabels", report);
  }
  validate_target_refs(spec, report);
  for (const View& metrics : spec.list("metrics")) {
    for (const View& one : metrics.list("overrides")) validate_override(one, report);
  }
  if (spec.size("tracing") > 1) {
    Judge(spec, report).warn("tracing", "only one entry of tracing counts", "keep one");
  }
  for (const View& tracing : spec.list("tracing")) validate_tracing(tracing, report);
  for (const View& logging : spec.list("accessLogging")) {
    const auto filter = logging.child("filter");
    if (!filter) continue;
    const std::string problem = cel_problem(filter->text("expression"));
    if (problem.empty()) continue;
    Judge(*filter, report)
        .refuse("expression", "the expression is no CEL: " + problem,
                "write an expression, as response.code >= 400");
  }
}

}  // namespace sm::config
