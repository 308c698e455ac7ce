// SPDX-License-Identifier: Apache-2.0
#include "daemon/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "analysis/analyze.h"
#include "config/documents.h"
#include "config/enrolment_rules.h"
#include "config/loader.h"
#include "daemon/plan_inputs.h"
#include "plan/build.h"

namespace sm::daemon {

int check_resources(const config::NodeConfig& node, std::FILE* out) {
  // Without a state directory last good versions play no part: the files are judged as they are.
  config::Loader loader("");
  const auto snapshot = loader.load(node.resources);
  const auto rules = config::enrolments(*snapshot, node.node_name);
  const auto enrolled = enrolled_keys(rules);
  const config::Findings found =
      analysis::merge(plan::build({*snapshot, node.node_name, 1, enrolled}).findings,
                      analysis::analyze(*snapshot, {}));

  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const config::Findings* findings : {&snapshot->findings, &found}) {
    for (const config::Finding& finding : *findings) {
      errors += finding.severity == config::Severity::kError ? 1 : 0;
      warnings += finding.severity == config::Severity::kWarning ? 1 : 0;
      fmt::print(out, "{}\n", finding.describe());
    }
  }
  for (const config::Enrolment& rule : rules) {
    if (!rule.enrolled && !rule.gone) {
      fmt::print(out, "pod {} is not taken into the mesh: {}\n", pod_key(*rule.pod), rule.reason);
    }
  }
  const auto documents = config::documents_of(*snapshot, found);
  fmt::print(
      out,
      "{}: node {}, {} documents ({} quarantined), {} of its {} pods in the mesh; {} errors, "
      "{} warnings\n",
      node.file, node.node_name, documents.size(), config::count_quarantined(documents),
      enrolled.size(), rules.size(), errors, warnings);
  return errors == 0 ? 0 : 1;
}

}  // namespace sm::daemon
