// SPDX-License-Identifier: Apache-2.0
// PodSockets: how a worker gets a socket inside a pod's network namespace. An interface, because
// the one that does it with setns and eBPF marks lives in capture/, and tests of the proxy use
// plain loopback sockets.
//
// Thread-safe: any worker may call it at any time. Every socket returned is non-blocking, CLOEXEC,
// TCP, not yet connected, and already marked as ours: if the mark cannot be written there is an
// error and no socket, so that a dial of ours is never taken for the application's (and captured
// again) nor the other way round.
#pragma once

#include <memory>
#include <optional>

#include "base/ip.h"
#include "base/result.h"
#include "io/pod_net.h"

namespace sm::io {

// Why the socket is dialled; the kernel side treats them differently.
enum class DialPurpose : std::uint8_t {
  kWire,   // from the client pod over the network, to another node or an un-meshed address
  kProbe,  // admission probe from the client pod to a pod of this node; reaches only that pod's
           // sink
  kApplication,  // inside the server pod, to its own application: bound to loopback, shows `client`
                 // as the peer
};

class PodSockets {
 public:
  virtual ~PodSockets() = default;
  // Opens a socket of the destination's family in the namespace of `pod` and prepares it for
  // `purpose`. For kApplication the source is bound to 127.0.0.1 or ::1 and `client` is the address
  // that the application's accept() and getpeername() show. The caller connects it. Errors: kLimit
  // (descriptors, mark storage), kDenied, kSystem.
  virtual Result<UniqueFd> open(const PodNet& pod, const SocketAddress& destination,
                                DialPurpose purpose,
                                const std::optional<SocketAddress>& client) = 0;
};

// Where the daemon's own tests of capture want to go (capture/self_test.h): documentation addresses
// (RFC 5737, RFC 3849), which nobody has. Whoever accepts a captured connection with this
// destination answers with the pod's key and closes.
inline SocketAddress self_test_destination(int family) {
  constexpr std::uint16_t kPort = 15000;
  static constexpr std::uint8_t kIpv4[] = {0, 0, 0,    0,    0,   0, 0, 0,
                                           0, 0, 0xff, 0xff, 192, 0, 2, 222};
  static constexpr std::uint8_t kIpv6[] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                                           0,    0,    0,    0,    0, 0, 0, 0xde};
  return {IpAddress::from_v6(family == AF_INET ? kIpv4 : kIpv6), kPort};
}

// Where a captured connection wanted to go.
class OriginalDestinations {
 public:
  virtual ~OriginalDestinations() = default;
  // The destination that the application gave to connect(), for a connection accepted on a
  // kOutbound listener of `pod` with these two ends. nullopt: there is no such wish; the caller
  // resets the connection and counts it. Thread-safe.
  virtual std::optional<SocketAddress> find(const PodNet& pod, const SocketAddress& peer,
                                            const SocketAddress& local) = 0;
};

}  // namespace sm::io
