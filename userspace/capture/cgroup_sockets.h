// SPDX-License-Identifier: Apache-2.0
// Sockets as a pod's application would make them: the hooks that act on a socket are those of the
// cgroup in which its maker lives, so they are made by a short-lived child process there. Control
// thread.
#pragma once

#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sm::capture {

struct CgroupSocketWish {
  int netns = -1;
  int family = 0;
};

// One non-blocking TCP socket for each wish, in its netns, made below `cgroup` (a descriptor of its
// directory). Those that could not be made are invalid. kUnsupported: the kernel cannot start a
// process inside a cgroup (5.7).
Result<std::vector<UniqueFd>> make_sockets_in_cgroup(int cgroup,
                                                     const std::vector<CgroupSocketWish>& wishes);

}  // namespace sm::capture
