// SPDX-License-Identifier: Apache-2.0
// Builds a RunPlan from a Snapshot: names resolved, subsets filled, routes compiled. Control thread (and the CLI, offline).
#pragma once

#include <memory>

#include "config/snapshot.h"
#include "plan/run_plan.h"

namespace sm::plan {

struct BuildInput {
  const config::Snapshot& snapshot;
  std::string node_name;
  std::uint64_t generation = 0;
  // Keys of the pods of this node that are enrolled (config/enrolment_rules.h).
  std::vector<std::string> enrolled;
};

struct Built {
  std::shared_ptr<const RunPlan> plan;
  config::Findings findings;  // dangling references (IST0101), shadowed hosts, denied workloads, ...
};

Built build(const BuildInput& input);

}  // namespace sm::plan
