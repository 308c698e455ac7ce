// SPDX-License-Identifier: Apache-2.0
// Connections of a pod's applications that existed before the pod was enrolled: finding them
// through sock_diag inside its netns, and destroying them. Control thread; enters the netns and
// comes back.
#pragma once

#include <cstdint>
#include <vector>

#include "base/capture_lists.h"
#include "base/ip.h"
#include "base/result.h"
#include "capture/enrolment.h"
#include "capture/node_cgroup.h"

namespace sm::capture {

// Where to look and what does not count.
struct OldConnectionSearch {
  int netns = -1;
  int home = -1;
  const Cgroup* subtree =
      nullptr;  // sockets made outside of it are not the pod's (the daemon's are)
};

// TCP connections with a peer outside of the pod that the pod's lists do not leave out. Captured
// ones, and those of the daemon to the application, have a loopback peer and are none.
Result<std::vector<OldConnection>> old_connections(const OldConnectionSearch& search,
                                                   const PodWish& wish);
// Ends each with SOCK_DESTROY: the application reads ECONNABORTED, the peer gets a reset. Marks
// those that are gone as destroyed. kUnsupported: the kernel has no CONFIG_INET_DIAG_DESTROY.
Result<> destroy_connections(const OldConnectionSearch& search,
                             std::vector<OldConnection>& connections);

// Connects of the pod that were held (unknownPods: hold), on their way to a capture address. For a
// pod that turned out not to be in the mesh: nothing will let them go on.
Result<std::vector<OldConnection>> held_connects(const OldConnectionSearch& search,
                                                 const PodWish& wish);

}  // namespace sm::capture
