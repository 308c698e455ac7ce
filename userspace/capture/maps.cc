// SPDX-License-Identifier: Apache-2.0
#include "capture/maps.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "capture/map_keys.h"

namespace sm::capture {
namespace {

constexpr std::array<const char*, kMapCount> kNames = {
    "sm_sockets",       "sm_pods",   "sm_wishes", "sm_peers", "sm_probes", "sm_listeners",
    "sm_gateway_ports", "sm_ranges", "sm_ports",  "sm_node",  "sm_alarm",  "sm_counters"};

Error wrong_layout(const std::string& path) {
  return Error{
      ErrorCode::kInvalid, path + " is missing or not a map of this version",
      "remove what is left of the other version with `sockmeshctl uninstall`, then start again"};
}

}  // namespace

Result<UniqueFd> open_pinned_map(const std::string& path) {
  UniqueFd map(bpf_obj_get(path.c_str()));
  if (!map.valid() && errno != ENOENT) return system_error("open " + path, errno);
  return map;
}

Result<bool> has_layout(int fd, const bpf_map* wanted) {
  bpf_map_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
    return system_error(std::string("ask about the map ") + bpf_map__name(wanted), errno);
  return info.type == static_cast<__u32>(bpf_map__type(wanted)) &&
         info.key_size == bpf_map__key_size(wanted) &&
         info.value_size == bpf_map__value_size(wanted) &&
         info.max_entries == bpf_map__max_entries(wanted);
}

const char* to_string(MapId id) { return kNames[static_cast<std::size_t>(id)]; }

sm_addr to_abi(const IpAddress& ip) {
  sm_addr address{};
  static_assert(sizeof address.word_be == sizeof(std::array<std::uint8_t, 16>));
  std::memcpy(address.word_be, ip.v6_bytes().data(), sizeof address.word_be);
  return address;
}

IpAddress from_abi(const sm_addr& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), address.word_be, bytes.size());
  return IpAddress::from_v6(bytes.data());
}

std::uint16_t to_be16(std::uint16_t host) { return htons(host); }

Result<Maps> Maps::take(bpf_object* loaded) {
  Maps maps;
  for (std::size_t i = 0; i < kMapCount; ++i) {
    const int fd = bpf_object__find_map_fd_by_name(loaded, kNames[i]);
    if (fd < 0) return system_error(std::string("find the map ") + kNames[i], -fd);
    maps.x_fds[i].reset(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!maps.x_fds[i].valid()) return system_error("duplicate a map descriptor", errno);
  }
  return maps;
}

Result<Maps> Maps::open(const std::string& directory, bpf_object* wanted) {
  Maps maps;
  for (std::size_t i = 0; i < kMapCount; ++i) {
    const std::string path = directory + "/" + kNames[i];
    SM_TRY_ASSIGN(maps.x_fds[i], open_pinned_map(path));
    const bpf_map* map = bpf_object__find_map_by_name(wanted, kNames[i]);
    if (!maps.x_fds[i].valid() || map == nullptr) return wrong_layout(path);
    SM_TRY_ASSIGN(const bool right, has_layout(maps.x_fds[i].get(), map));
    if (!right) return wrong_layout(path);
  }
  return maps;
}

Result<> Maps::pin(const std::string& directory) const {
  for (std::size_t i = 0; i < kMapCount; ++i) {
    const std::string path = directory + "/" + kNames[i];
    if (bpf_obj_pin(x_fds[i].get(), path.c_str()) != 0) return system_error("pin " + path, errno);
  }
  return {};
}

std::vector<std::string> Maps::pin_again(const std::string& directory) const {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < kMapCount; ++i) {
    const std::string path = directory + "/" + kNames[i];
    if (::access(path.c_str(), F_OK) == 0) continue;
    const bool pinned = bpf_obj_pin(x_fds[i].get(), path.c_str()) == 0;
    found.push_back(fmt::format(
        "the pin {} was removed{}", path,
        pinned ? "; it is there again" : ": " + system_error("pin it again", errno).describe()));
  }
  return found;
}

Result<> Maps::share_with(bpf_object* object) const {
  for (std::size_t i = 0; i < kMapCount; ++i) {
    bpf_map* map = bpf_object__find_map_by_name(object, kNames[i]);
    if (map == nullptr) continue;
    const int failed = bpf_map__reuse_fd(map, x_fds[i].get());
    if (failed != 0) return system_error(std::string("share the map ") + kNames[i], -failed);
  }
  return {};
}

Result<> Maps::mark(int socket, const sm_socket& mark) const {
  if (bpf_map_update_elem(fd(MapId::kSockets), &socket, &mark, BPF_ANY) == 0) return {};
  if (errno == ENOMEM) {
    return Error{ErrorCode::kLimit, "mark a socket: no room in the socket's option memory",
                 "raise net.core.optmem_max"};
  }
  return system_error("mark a socket", errno);
}

std::optional<SocketAddress> Maps::find_wish(std::uint64_t netns, const SocketAddress& peer,
                                             const SocketAddress& local) const {
  sm_wish_key key{};
  key.netns = netns;
  key.source = to_abi(peer.ip);
  key.capture = to_abi(local.ip);
  key.source_port_be = to_be16(peer.port);
  key.capture_port_be = to_be16(local.port);
  sm_flow flow{};
  if (bpf_map_lookup_elem(fd(MapId::kWishes), &key, &flow) != 0) return std::nullopt;
  return SocketAddress{from_abi(flow.ip), ntohs(flow.port_be)};
}

Result<> Maps::set_node(const sm_node& node) const {
  const __u32 zero = 0;
  if (bpf_map_update_elem(fd(MapId::kNode), &zero, &node, BPF_ANY) != 0)
    return system_error("write sm_node", errno);
  return {};
}

std::optional<sm_node> Maps::node() const {
  const __u32 zero = 0;
  sm_node node{};
  if (bpf_map_lookup_elem(fd(MapId::kNode), &zero, &node) != 0) return std::nullopt;
  return node;
}

Result<> Maps::set_pod(std::uint64_t netns, const sm_pod& pod) const {
  if (bpf_map_update_elem(fd(MapId::kPods), &netns, &pod, BPF_ANY) == 0) return {};
  if (errno == E2BIG)
    return Error{ErrorCode::kLimit, fmt::format("there are {} pods already", SM_PODS_MAX), ""};
  return system_error("write sm_pods", errno);
}

void Maps::remove_pod(std::uint64_t netns) const { bpf_map_delete_elem(fd(MapId::kPods), &netns); }

std::vector<std::uint64_t> Maps::pods() const { return map_keys<std::uint64_t>(fd(MapId::kPods)); }

bool Maps::take_alarm() const {
  const __u32 zero = 0;
  __u32 alarm = 0;
  if (bpf_map_lookup_elem(fd(MapId::kAlarm), &zero, &alarm) != 0 || alarm == 0) return false;
  bpf_map_update_elem(fd(MapId::kAlarm), &zero, &zero, BPF_ANY);
  return true;
}

Result<> Maps::set_listener(std::uint64_t netns, std::uint32_t kind, std::uint32_t slot,
                            int socket) const {
  const sm_listener_key key{netns, kind, slot};
  const std::uint64_t value = static_cast<std::uint64_t>(socket);
  if (bpf_map_update_elem(fd(MapId::kListeners), &key, &value, BPF_ANY) != 0)
    return system_error("register a listener", errno);
  return {};
}

std::uint64_t Maps::listener(std::uint64_t netns, std::uint32_t kind, std::uint32_t slot) const {
  const sm_listener_key key{netns, kind, slot};
  std::uint64_t cookie = 0;
  return bpf_map_lookup_elem(fd(MapId::kListeners), &key, &cookie) == 0 ? cookie : 0;
}

void Maps::remove_listener(std::uint64_t netns, std::uint32_t kind, std::uint32_t slot) const {
  const sm_listener_key key{netns, kind, slot};
  bpf_map_delete_elem(fd(MapId::kListeners), &key);
}

void Maps::remove_listeners(std::uint64_t netns, std::uint32_t first) const {
  for (std::uint32_t kind = 0; kind < SM_LISTENER_KINDS; ++kind) {
    for (std::uint32_t slot = first; slot < SM_SLOTS_MAX; ++slot)
      remove_listener(netns, kind, slot);
  }
}

std::optional<sm_pod> Maps::pod(std::uint64_t netns) const {
  sm_pod row{};
  if (bpf_map_lookup_elem(fd(MapId::kPods), &netns, &row) != 0) return std::nullopt;
  return row;
}

Result<> Maps::set_gateway_port(std::uint64_t netns, std::uint16_t port) const {
  sm_gateway_key key{};
  key.netns = netns;
  key.port_be = to_be16(port);
  const __u32 one = 1;
  if (bpf_map_update_elem(fd(MapId::kGatewayPorts), &key, &one, BPF_ANY) != 0)
    return system_error("open a gateway port", errno);
  return {};
}

void Maps::remove_gateway_port(std::uint64_t netns, std::uint16_t port) const {
  sm_gateway_key key{};
  key.netns = netns;
  key.port_be = to_be16(port);
  bpf_map_delete_elem(fd(MapId::kGatewayPorts), &key);
}

std::vector<std::pair<std::uint64_t, std::uint16_t>> Maps::gateway_ports() const {
  std::vector<std::pair<std::uint64_t, std::uint16_t>> ports;
  for (const sm_gateway_key& key : map_keys<sm_gateway_key>(fd(MapId::kGatewayPorts)))
    ports.emplace_back(key.netns, ntohs(key.port_be));
  return ports;
}

void Maps::forget_connections(std::uint64_t netns) const {
  for (const sm_wish_key& key : map_keys<sm_wish_key>(fd(MapId::kWishes))) {
    if (key.netns == netns) bpf_map_delete_elem(fd(MapId::kWishes), &key);
  }
  for (const sm_peer_key& key : map_keys<sm_peer_key>(fd(MapId::kPeers))) {
    if (key.netns == netns) bpf_map_delete_elem(fd(MapId::kPeers), &key);
  }
}

std::vector<Counter> Maps::counters() const {
  struct Row {
    const char* name;
    const char* verdict;
  };
  static constexpr Row kRows[] = {
#define SM_COUNTER_ROW(id, name, verdict) {name, #verdict},
      SM_COUNTERS(SM_COUNTER_ROW)
#undef SM_COUNTER_ROW
  };
  const int cpus = libbpf_num_possible_cpus();
  std::vector<std::uint64_t> cells(static_cast<std::size_t>(cpus > 0 ? cpus : 1));
  std::vector<Counter> all;
  for (__u32 i = 0; i < SM_COUNTER_COUNT; ++i) {
    std::uint64_t sum = 0;
    if (bpf_map_lookup_elem(fd(MapId::kCounters), &i, cells.data()) == 0) {
      for (const std::uint64_t cell : cells) sum += cell;
    }
    all.push_back(Counter{kRows[i].name, kRows[i].verdict, sum});
  }
  return all;
}

std::vector<MapUse> Maps::uses() const {
  const auto count = [](MapId id, std::size_t entries, std::uint32_t capacity) {
    return MapUse{to_string(id), static_cast<std::uint32_t>(entries), capacity};
  };
  return {
      count(MapId::kPods, map_keys<std::uint64_t>(fd(MapId::kPods)).size(), SM_PODS_MAX),
      count(MapId::kWishes, map_keys<sm_wish_key>(fd(MapId::kWishes)).size(), SM_WISHES_MAX),
      count(MapId::kPeers, map_keys<sm_peer_key>(fd(MapId::kPeers)).size(), SM_PEERS_MAX),
      count(MapId::kProbes, map_keys<sm_probe_key>(fd(MapId::kProbes)).size(), SM_PROBES_MAX),
      count(MapId::kListeners, map_keys<sm_listener_key>(fd(MapId::kListeners)).size(),
            SM_LISTENERS_MAX),
      count(MapId::kGatewayPorts, map_keys<sm_gateway_key>(fd(MapId::kGatewayPorts)).size(),
            SM_GATEWAY_PORTS_MAX),
      count(MapId::kRanges, map_keys<sm_range_key>(fd(MapId::kRanges)).size(), SM_RANGES_MAX),
      count(MapId::kPorts, map_keys<sm_port_key>(fd(MapId::kPorts)).size(), SM_PORTS_MAX),
  };
}

}  // namespace sm::capture
