// SPDX-License-Identifier: Apache-2.0
// What Istio's analysers would say about a set of resources: references to what is not there,
// resources that take each other's place, settings without effect. It looks at everything that was
// written, in force or not. Pure; any thread.
#pragma once

#include "config/snapshot.h"

namespace sm::analysis {

struct Assumptions {
  // Istio's own ingress gateway, when no pod is one: files alone rarely have it. For the CLI.
  bool default_gateway = false;
};

// Resources of Kubernetes' own namespaces are passed over.
config::Findings analyze(const config::Snapshot& snapshot, Assumptions assumptions);

// The planner's findings, which say what requests will meet, and those of analyze() that it did not
// make itself (the same code about the same field of the same object).
config::Findings merge(config::Findings planned, config::Findings analysed);

}  // namespace sm::analysis
