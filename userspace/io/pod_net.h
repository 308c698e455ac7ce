// SPDX-License-Identifier: Apache-2.0
// PodNet: what every thread may know of one enrolled pod's network: who it is and the descriptor of
// its namespace. Made by capture/ on the control thread when the pod is enrolled, const from then
// on, shared by control and workers as shared_ptr<const PodNet>. The namespace lives as long as the
// last holder, so holders let go when told that the pod is gone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"

namespace sm::io {

struct PodNet {
  std::string key;                 // "namespace/name" of the Pod object
  std::uint64_t netns_cookie = 0;  // unique within a boot; what the kernel side calls the pod
  UniqueFd netns;                  // for setns
  std::vector<IpAddress> ips;      // the pod's own addresses, status.podIPs
  bool gateway = false;            // a pod without an application: its Gateways' ports are ours
};

// What an accepting socket in a pod's namespace is for.
enum class ListenerKind : std::uint8_t {
  kOutbound,  // connections that the pod's application made (captured)
  kInbound,   // connections that arrived at the pod's address
  kSink,      // admission probes: accepted, noted, reset
};

// One accepting, non-blocking socket inside a pod's namespace, to be served by one worker.
struct PodListener {
  ListenerKind kind = ListenerKind::kOutbound;
  unsigned slot = 0;    // which of the pod's owner workers
  unsigned worker = 0;  // index of that worker
  UniqueFd fd;
};

}  // namespace sm::io
