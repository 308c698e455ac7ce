// SPDX-License-Identifier: Apache-2.0
// Maps: typed access to the pinned maps of abi.h. Owned by Kernel. mark() and find_wish() are
// single system calls and may be called from any thread; the rest is the control thread's.
#pragma once

#include <bpf/libbpf.h>
#include <sockmesh/abi.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"
#include "capture/capture.h"

namespace sm::capture {

enum class MapId : unsigned char {
  kSockets,
  kPods,
  kWishes,
  kPeers,
  kProbes,
  kListeners,
  kGatewayPorts,
  kRanges,
  kPorts,
  kNode,
  kAlarm,
  kCounters,
  kCount
};
inline constexpr std::size_t kMapCount = static_cast<std::size_t>(MapId::kCount);
// The name in the eBPF objects and in the pin directory, "sm_pods".
const char* to_string(MapId id);
// Whether the map is as `wanted` declares it.
Result<bool> has_layout(int map, const bpf_map* wanted);
// A pinned map; an invalid descriptor when there is none.
Result<UniqueFd> open_pinned_map(const std::string& path);

sm_addr to_abi(const IpAddress& ip);
IpAddress from_abi(const sm_addr& address);
std::uint16_t to_be16(std::uint16_t host);

class Maps {
 public:
  Maps() = default;  // of nothing
  // Takes the maps of a loaded object that created them.
  static Result<Maps> take(bpf_object* loaded);
  // Opens the pins in `directory`. kInvalid when one is missing or has another layout than `wanted`
  // declares: only pins of another build under the same ABI number, or a broken directory, look
  // like that.
  static Result<Maps> open(const std::string& directory, bpf_object* wanted);
  Result<> pin(const std::string& directory) const;
  // Pins those again whose pin is gone. One sentence for each.
  std::vector<std::string> pin_again(const std::string& directory) const;
  // Makes an opened, not yet loaded object use these maps.
  Result<> share_with(bpf_object* object) const;
  int fd(MapId id) const { return x_fds[static_cast<std::size_t>(id)].get(); }

  Result<> mark(int socket, const sm_socket& mark) const;
  std::optional<SocketAddress> find_wish(std::uint64_t netns, const SocketAddress& peer,
                                         const SocketAddress& local) const;

  Result<> set_node(const sm_node& node) const;
  std::optional<sm_node> node() const;
  Result<> set_pod(std::uint64_t netns, const sm_pod& pod) const;
  void remove_pod(std::uint64_t netns) const;
  std::vector<std::uint64_t> pods() const;
  std::optional<sm_pod> pod(std::uint64_t netns) const;
  // Whether a wish was lost since the last call (sm_alarm). Takes the alarm down.
  bool take_alarm() const;
  Result<> set_listener(std::uint64_t netns, std::uint32_t kind, std::uint32_t slot,
                        int socket) const;
  // The socket cookie of a registered listener; 0: there is none.
  std::uint64_t listener(std::uint64_t netns, std::uint32_t kind, std::uint32_t slot) const;
  // Those of slots `first` and up.
  void remove_listeners(std::uint64_t netns, std::uint32_t first) const;
  void remove_listener(std::uint64_t netns, std::uint32_t kind, std::uint32_t slot) const;
  Result<> set_gateway_port(std::uint64_t netns, std::uint16_t port) const;
  void remove_gateway_port(std::uint64_t netns, std::uint16_t port) const;
  // (netns cookie, port)
  std::vector<std::pair<std::uint64_t, std::uint16_t>> gateway_ports() const;
  // Whatever connections of this netns have left in sm_wishes and sm_peers.
  void forget_connections(std::uint64_t netns) const;

  std::vector<Counter> counters() const;
  std::vector<MapUse> uses() const;

 private:
  std::array<UniqueFd, kMapCount> x_fds;
};

}  // namespace sm::capture
