// SPDX-License-Identifier: Apache-2.0
// Builds a RunPlan from a Snapshot: names resolved, subsets filled, routes compiled. Control thread
// (and the CLI, offline).
#pragma once

#include <memory>

#include "config/snapshot.h"
#include "plan/run_plan.h"

namespace sm::plan {

struct BuildInput {
  const config::Snapshot& snapshot;
  // Empty: offline, where every pod counts as a pod of this node, gateways among them, and
  // `enrolled` is not read.
  std::string node_name;
  std::uint64_t generation = 0;
  // Keys of the pods of this node that are enrolled (config/enrolment_rules.h).
  std::vector<std::string> enrolled;
};

struct Built {
  std::shared_ptr<const RunPlan> plan;
  // Dangling references (IST0101), hosts claimed twice (IST0109), workloads that had to be closed
  // (SM0902), ... They never quarantine anything, not even those of severity kError (where Istio's
  // analysers have it): the objects are in force as the messages say.
  config::Findings findings;
};

Built build(const BuildInput& input);

}  // namespace sm::plan
