// SPDX-License-Identifier: Apache-2.0
// Which pods of one node are taken into the mesh, and why the others are not: pure functions of a
// Snapshot, interfaces.md section 2. The daemon reconciles capture with their answer after each
// load; any thread may ask.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/snapshot.h"

namespace sm::config {

// What one Pod object of this node asks for.
struct Enrolment {
  std::shared_ptr<const Pod> pod;
  bool enrolled = false;
  bool gone = false;     // the pod has ended or is being deleted: let go of its netns
  bool gateway = false;  // annotation sockmesh.io/gateway: "true"
  std::string netns;     // annotation sockmesh.io/netns; a path. Set whenever enrolled
  std::string cgroup;    // annotation sockmesh.io/cgroup, below the cgroup v2 root; may be empty
  std::string reason;    // why not enrolled, one sentence; empty when enrolled
  CaptureLists lists{};  // what is left out of the mesh; nothing of pods that are not enrolled
};

// One entry for each Pod whose spec.nodeName is `node_name`, in the Snapshot's order.
std::vector<Enrolment> enrolments(const Snapshot& snapshot, std::string_view node_name);
// The answer for one pod, whatever its node.
Enrolment enrolment_of(const Snapshot& snapshot, std::shared_ptr<const Pod> pod);
// Whether injection is on for the namespace. Without a Namespace object: yes; with one: only if it
// has the label `istio-injection: enabled`.
bool namespace_injects(const Snapshot& snapshot, std::string_view namespace_name);

}  // namespace sm::config
