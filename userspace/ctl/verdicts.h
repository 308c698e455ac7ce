// SPDX-License-Identifier: Apache-2.0
// The answers of the offline verbs `validate` and `analyze` (interfaces.md 3.1) as JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "config/snapshot.h"
#include "ctl/inputs.h"

namespace sm::ctl {

// {"documents":[{kind,namespace,name,file,line,valid,findings}]}: each document of each input
// alone, as Istio's webhook and the CRD schema would judge it. What this version merely does not
// support is not invalid. A finding about a file that holds no document (it is no YAML) gets an
// entry of its own, so that `valid` is false somewhere.
Json validate_inputs(const std::vector<Input>& inputs);
bool all_valid(const Json& verdict);

// {"documents":[{...,"state"}],"findings":[F]}: the loader's findings and the planner's, for every
// node that a Pod names.
Json analyze_snapshot(const config::Snapshot& snapshot);
bool has_errors(const Json& verdict);

}  // namespace sm::ctl
