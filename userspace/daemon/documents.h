// SPDX-License-Identifier: Apache-2.0
// Documents: what became of each document, once the planner has had its say as well. Pure.
#pragma once

#include <vector>

#include "base/json.h"
#include "config/snapshot.h"

namespace sm::daemon {

// The loader's documents, where a finding of the planner makes the state worse: an error
// quarantines, a warning warns.
std::vector<config::Document> documents_of(const config::Snapshot& snapshot,
                                           const config::Findings& plan_findings);
std::size_t count_quarantined(const std::vector<config::Document>& documents);

// {"kind","namespace","name","file","line","state"}, and "lastGoodInForce" for a quarantined one.
Json to_json(const config::Document& document);

}  // namespace sm::daemon
