// SPDX-License-Identifier: Apache-2.0
// Putting this version's maps and global programs in force below one bpffs directory: for the first
// time, over those of an earlier run, or over those of an older version. Control thread.
//
// Each way is a sequence of steps after any of which the process may die: what was in force stays
// in force until the step that replaces it, and the next start goes on from there. A new set is
// built under a temporary name and renamed; links are never made anew where one can be updated.
#pragma once

#include <string>

#include "base/result.h"
#include "capture/capture.h"
#include "capture/global_links.h"
#include "capture/maps.h"
#include "capture/node_cgroup.h"

namespace sm::capture {

struct InstallPlaces {
  std::string bpffs;  // which must be ours: locked
  const Cgroup& pods;
  const Cgroup& own;
};

struct Installation {
  Maps maps;
  GlobalLinks links;
  std::string pins;        // <bpffs>/v<ABI>
  bool recovered = false;  // there were pins, of this version or of an older one
};

// What holds for the whole node (sm_node).
struct NodeRules {
  UnknownPods unknown = UnknownPods::kDeny;
  bool open_when_down = false;
};

Result<Installation> install(const InstallPlaces& places, const NodeRules& rules);

}  // namespace sm::capture
