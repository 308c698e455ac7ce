// SPDX-License-Identifier: Apache-2.0
// The loopback address of a family: what our listeners in a pod are bound to, and where our dials
// to its application come from, because no neighbour can send from it. Any thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/ip.h"

namespace sm::capture {

inline IpAddress loopback_address(int family) {
  return family == AF_INET ? IpAddress::from_v4_be(htonl(INADDR_LOOPBACK))
                           : IpAddress::from_v6(in6addr_loopback.s6_addr);
}

}  // namespace sm::capture
