// SPDX-License-Identifier: Apache-2.0
// A pod's network namespace: opening it, making sure that it is the pod's, and listening inside it.
// Control thread: every function enters the namespace and comes back before it returns.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"

namespace sm::capture {

struct PodNetns {
  UniqueFd fd;
  std::uint64_t cookie = 0;  // SO_NETNS_COOKIE: unique within a boot, unlike the inode
  dev_t device = 0;
  ino_t inode = 0;
};

// Opens `path` and asks for its cookie. kNotFound: no such file (yet).
Result<PodNetns> open_pod_netns(const std::string& path, int home);
// Whether it is the namespace that `home` names, or the one of process 1.
bool is_host_netns(const PodNetns& netns, int home);
// Makes sure that it is usable as a pod's: one of `ips` is on an interface there (a foreign process
// may be passing through the namespace that a path names), and lo is up, which captured connections
// need; lo is set up when it is not.
Result<> check_pod_netns(const PodNetns& netns, int home, const std::vector<IpAddress>& ips);
// A non-blocking listener on the loopback address of `family` (AF_INET, AF_INET6) and a port of the
// kernel's choice. Connections reach it by sk_lookup, whatever address they are for. One that is
// for its own address was dialled directly by somebody in the pod. kUnavailable: the netns has IPv6
// switched off.
Result<UniqueFd> listen_in(const PodNetns& netns, int home, int family);

}  // namespace sm::capture
