// SPDX-License-Identifier: Apache-2.0
#include "support/loopback_mesh.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "io/transport.h"

namespace sm::test {

void LoopbackMesh::set_network(Network network) {
  const std::lock_guard lock(x_lock);
  x_network = network;
}

void LoopbackMesh::wish(std::uint16_t client_port, const SocketAddress& destination) {
  const std::lock_guard lock(x_lock);
  x_wishes[client_port] = destination;
}

unsigned LoopbackMesh::probes() const {
  const std::lock_guard lock(x_lock);
  return x_probes;
}

void LoopbackMesh::fail_opens(std::optional<Error> error) {
  const std::lock_guard lock(x_lock);
  x_open_error = std::move(error);
}

Result<UniqueFd> LoopbackMesh::open(const io::PodNet& pod, const SocketAddress& destination,
                                    io::DialPurpose purpose,
                                    const std::optional<SocketAddress>& /*client*/) {
  {
    const std::lock_guard lock(x_lock);
    if (x_open_error) return *x_open_error;
  }
  UniqueFd fd(::socket(destination.ip.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return system_error("socket", errno);
  if (purpose == io::DialPurpose::kApplication) return fd;
  sockaddr_storage storage{};
  const socklen_t length = SocketAddress{pod.ips.front(), 0}.to_sockaddr(storage);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0)
    return system_error("bind", errno);
  if (purpose != io::DialPurpose::kProbe) return fd;
  Network network{};
  {
    const std::lock_guard lock(x_lock);
    ++x_probes;
    network = x_network;
  }
  if (network == Network::kAdmits && on_probe) on_probe(io::local_address(fd.get()), destination);
  return fd;
}

std::optional<SocketAddress> LoopbackMesh::find(const io::PodNet& /*pod*/,
                                                const SocketAddress& peer,
                                                const SocketAddress& /*local*/) {
  const std::lock_guard lock(x_lock);
  const auto found = x_wishes.find(peer.port);
  if (found == x_wishes.end()) return std::nullopt;
  return found->second;
}

UniqueFd listen_on(const IpAddress& ip, std::uint16_t port) {
  UniqueFd fd(::socket(ip.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage storage{};
  const socklen_t length = SocketAddress{ip, port}.to_sockaddr(storage);
  SM_ASSERT(::bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0);
  SM_ASSERT(::listen(fd.get(), 512) == 0);
  return fd;
}

}  // namespace sm::test
