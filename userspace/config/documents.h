// SPDX-License-Identifier: Apache-2.0
// Documents: what became of each document, once the planner has had its say as well. Pure.
#pragma once

#include <vector>

#include "base/json.h"
#include "config/snapshot.h"

namespace sm::config {

// The loader's documents; one that the planner has something to say about is warned. The planner
// quarantines nothing: what it complains of (a host that does not exist, say) is in force as far as
// it goes, as with Istio, and a state that said otherwise would be wrong.
std::vector<Document> documents_of(const Snapshot& snapshot, const Findings& plan_findings);
std::size_t count_quarantined(const std::vector<Document>& documents);

// {"kind","namespace","name","file","line","state"}, and "lastGoodInForce" for a quarantined one.
Json to_json(const Document& document);

}  // namespace sm::config
