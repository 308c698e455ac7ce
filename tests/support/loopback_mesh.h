// SPDX-License-Identifier: Apache-2.0
// LoopbackMesh: stands in for capture/ where the data path is tested without root: pods are
// loopback addresses of one namespace, dials are plain sockets, and what a captured connection
// wanted is told by the test. Thread-safe, as the interfaces ask.
#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "io/pod_net.h"
#include "io/pod_sockets.h"

namespace sm::test {

class LoopbackMesh final : public io::PodSockets, public io::OriginalDestinations {
 public:
  enum class Network { kAdmits, kSilent };

  // Called on the dialling thread with the tuple of a probe that the network lets through.
  std::function<void(const SocketAddress& from, const SocketAddress& to)> on_probe;

  void set_network(Network network);
  // The connection whose client has local port `client_port` wanted `destination`.
  void wish(std::uint16_t client_port, const SocketAddress& destination);
  unsigned probes() const;
  // Every open() fails with this error until it is nullopt again.
  void fail_opens(std::optional<Error> error);

  Result<UniqueFd> open(const io::PodNet& pod, const SocketAddress& destination,
                        io::DialPurpose purpose,
                        const std::optional<SocketAddress>& client) override;
  std::optional<SocketAddress> find(const io::PodNet& pod, const SocketAddress& peer,
                                    const SocketAddress& local) override;

 private:
  mutable std::mutex x_lock;
  std::map<std::uint16_t, SocketAddress> x_wishes;
  Network x_network = Network::kAdmits;
  unsigned x_probes = 0;
  std::optional<Error> x_open_error;
};

// A listening, non-blocking socket on `ip` with a port of the kernel's choice.
UniqueFd listen_on(const IpAddress& ip, std::uint16_t port = 0);

}  // namespace sm::test
