// SPDX-License-Identifier: Apache-2.0
// What the kernel side should decide, said plainly: without words, masks and byte order. The unit
// tests and the fuzz target hold bpf/lib/decide.h against it.
#pragma once

#include <sockmesh/abi.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"

namespace sm::test {

inline bool local_to_host(const IpAddress& a) { return a.is_loopback() || a.is_unspecified(); }

inline bool contains(const std::vector<IpAddress>& ips, const IpAddress& a) {
  return std::find(ips.begin(), ips.end(), a) != ips.end();
}

inline bool link_local(const IpAddress& a) {
  return !a.is_v4() && a.v6_bytes()[0] == 0xfe && (a.v6_bytes()[1] & 0xc0) == 0x80;
}

inline sm_counter model_unknown(unsigned unknown) {
  switch (unknown) {
    case SM_UNKNOWN_ALLOW:
      return SM_C_CONNECT_UNKNOWN_ALLOWED;
    case SM_UNKNOWN_HOLD:
      return SM_C_CONNECT_HELD;
    default:
      return SM_C_CONNECT_UNKNOWN_DENIED;
  }
}

struct ModelPod {
  unsigned state = 0;
  bool ipv6 = false;
  std::vector<IpAddress> ips;
};

inline sm_counter model_connect(unsigned kind, const IpAddress& to, const ModelPod* pod,
                                std::optional<unsigned> unknown) {
  if (kind >= SM_SOCKET_OWN && kind <= SM_SOCKET_OWN_CLIENT) return SM_C_CONNECT_OWN;
  if (local_to_host(to)) return SM_C_CONNECT_LOOPBACK;
  if (!unknown) return SM_C_CONNECT_NO_NODE;
  if (pod == nullptr) return model_unknown(*unknown);
  if (pod->state == SM_POD_BYPASS) return SM_C_CONNECT_BYPASS;
  if (pod->state != SM_POD_ENROLLED) return SM_C_CONNECT_UNKNOWN_DENIED;
  if (contains(pod->ips, to)) return SM_C_CONNECT_SELF;
  if (to.is_v4()) return SM_C_CONNECT_CAPTURED;
  if (!pod->ipv6) return SM_C_CONNECT_IPV6_DENIED;
  return link_local(to) ? SM_C_CONNECT_LINK_LOCAL : SM_C_CONNECT_CAPTURED;
}

inline sm_counter model_arrive(unsigned protocol, const IpAddress& remote,
                               const SocketAddress& local, const std::vector<IpAddress>& ips) {
  const std::string to = local.ip.to_string();
  if (protocol != 6) return SM_C_ARRIVE_NOT_TCP;
  if (local.port == 15001 && to.rfind("127.169.254.", 0) == 0) return SM_C_ARRIVE_OUT;
  if (local.port >= 15001 && local.port <= 15254 && to == "::1") return SM_C_ARRIVE_OUT;
  if (local_to_host(local.ip)) return SM_C_ARRIVE_LOOPBACK;
  if (remote == local.ip || local_to_host(remote) || contains(ips, remote)) return SM_C_ARRIVE_SELF;
  return link_local(local.ip) ? SM_C_ARRIVE_LINK_LOCAL : SM_C_ARRIVE_IN;
}

}  // namespace sm::test
