// SPDX-License-Identifier: Apache-2.0
// ChangeSummary: what differs between two snapshots, in numbers for the log line of a reload. Pure.
#pragma once

#include <string>

#include "config/snapshot.h"

namespace sm::daemon {

struct ChangeSummary {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t removed = 0;
  bool mesh = false;  // MeshConfig differs

  bool empty() const { return added + changed + removed == 0 && !mesh; }
  // "2 added, 1 changed, 0 removed", "no object changed"
  std::string describe() const;
};

// `before` may be null: the first load.
ChangeSummary compare(const config::Snapshot* before, const config::Snapshot& after);

}  // namespace sm::daemon
