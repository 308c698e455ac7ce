// SPDX-License-Identifier: Apache-2.0
// What a plan is made of, as far as this node decides it: the resources in force, the pods of this
// node that are enrolled, and those of them that cannot serve yet because their namespace is not
// open. Pure.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/enrolment_rules.h"
#include "config/snapshot.h"

namespace sm::daemon {

struct PlanInputs {
  std::shared_ptr<const config::Snapshot> snapshot;  // as loaded
  std::vector<std::string>
      enrolled;                   // keys of this node's pods that are taken into the mesh, sorted
  std::set<std::string> waiting;  // those among them that no worker can dial yet

  // Whether a plan made of these would do the same as one made of `other`. Objects are compared by
  // address, which the loader keeps for what did not change; findings and the states of documents
  // do not matter to a plan.
  bool same_effect(const PlanInputs& other) const;
  // The snapshot that the plan is built from: the waiting pods are not ready in it, nor are the
  // endpoints that name them, so that nothing is routed to a pod before every worker can dial it.
  // The loaded one itself when nothing waits.
  std::shared_ptr<const config::Snapshot> effective_snapshot() const;
};

// The key of the Pod object, "namespace/name".
std::string pod_key(const config::Pod& pod);
// Those of `rules` that take a pod into the mesh, as PlanInputs::enrolled wants them.
std::vector<std::string> enrolled_keys(const std::vector<config::Enrolment>& rules);

}  // namespace sm::daemon
