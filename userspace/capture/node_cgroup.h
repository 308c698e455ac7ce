// SPDX-License-Identifier: Apache-2.0
// Where the pods' cgroup subtree and the daemon's own cgroup are, on hosts with cgroup v2 alone and
// on hybrid ones, and whether somebody else's programs above us leave room for ours. Any thread;
// reads only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sm::capture {

struct Cgroup {
  std::string path;      // absolute
  UniqueFd fd;           // of the directory
  std::uint64_t id = 0;  // the kernel's cgroup id
};

// The mount point of the cgroup v2 hierarchy. kUnsupported when there is none.
Result<std::string> cgroup2_root();
// `relative` below the v2 root. The root itself is refused: `unknownPods: deny` there would cut off
// the host.
Result<Cgroup> open_subtree(const std::string& relative);
// The cgroup of this process.
Result<Cgroup> open_own_cgroup();
// Whether `path` (relative to the v2 root, or absolute) is `subtree` or below it.
bool is_below(const Cgroup& subtree, const std::string& path);
// The same for a cgroup's id, as sockets carry it. A cgroup that was removed counts as below: only
// pods' cgroups come and go.
bool is_id_below(const Cgroup& subtree, std::uint64_t id);

// The leaf of `subtree` in which self-tests make their sockets; made when it is missing. Invalid,
// and logged, when it cannot be: the tests then say so.
UniqueFd open_probe_leaf(const Cgroup& subtree);
inline constexpr const char* kProbeLeaf = "sockmesh-selftest";

// What the cgroups from `cgroup` up to the root hold of our program types in a way that excludes or
// is shadowed by ours: programs attached with flags 0 (nobody below may attach) or
// BPF_F_ALLOW_OVERRIDE (ours would switch them off). One sentence for each; empty is good.
std::vector<std::string> foreign_programs(const Cgroup& cgroup);

}  // namespace sm::capture
