// SPDX-License-Identifier: Apache-2.0
// What this host can and cannot do for capture. Needs no daemon and changes nothing.
#pragma once

#include <string>
#include <vector>

namespace sm::capture {

struct Check {
  std::string name;  // "kernel", "btf", "cgroup v2", ...
  bool ok = false;
  std::string text;    // what was found
  std::string remedy;  // empty when ok
};

// `cgroup` and `bpffs` as in the node file; an empty `cgroup` leaves out the checks of the subtree.
std::vector<Check> check_host(const std::string& cgroup, const std::string& bpffs);

}  // namespace sm::capture
