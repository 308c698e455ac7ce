// SPDX-License-Identifier: Apache-2.0
#include "capture/migrate.h"

#include <bpf/bpf.h>
#include <sockmesh/abi.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/fd.h"
#include "capture/map_keys.h"

namespace sm::capture {
namespace {

// Layouts of SM_ABI 1.
struct PodV1 {
  std::uint32_t state;
  std::uint32_t ip_count;
  std::array<sm_addr, SM_POD_IPS_MAX> ip;
};
struct NodeV1 {
  std::uint32_t allow_unknown;
  std::uint32_t seed;
};

sm_pod pod_of(const PodV1& old) {
  sm_pod pod{};
  pod.state = old.state;
  pod.ip_count = std::min<std::uint32_t>(old.ip_count, SM_POD_IPS_MAX);
  // The row of a pod said not how many workers own it. Until the pod is enrolled again all slots
  // are looked at.
  pod.slots = SM_SLOTS_MAX;
  for (std::uint32_t i = 0; i < pod.ip_count; ++i) {
    pod.ip[i] = old.ip[i];
    if (!from_abi(old.ip[i]).is_v4()) pod.flags |= SM_POD_IPV6;
  }
  return pod;
}

Result<> move_pods(int from, int to) {
  for (const std::uint64_t netns : map_keys<std::uint64_t>(from)) {
    PodV1 old{};
    if (bpf_map_lookup_elem(from, &netns, &old) != 0) continue;
    const sm_pod pod = pod_of(old);
    if (bpf_map_update_elem(to, &netns, &pod, BPF_ANY) != 0)
      return system_error("convert a row of sm_pods", errno);
  }
  return {};
}

Result<> move_node(int from, int to) {
  const std::uint32_t zero = 0;
  NodeV1 old{};
  if (bpf_map_lookup_elem(from, &zero, &old) != 0) return system_error("read sm_node", errno);
  sm_node node{};
  node.unknown = old.allow_unknown != 0 ? SM_UNKNOWN_ALLOW : SM_UNKNOWN_DENY;
  node.seed = old.seed;
  if (bpf_map_update_elem(to, &zero, &node, BPF_ANY) != 0)
    return system_error("convert sm_node", errno);
  return {};
}

// Counters are only ever added at the end.
Result<> move_counters(int from, int to) {
  const int cpus = libbpf_num_possible_cpus();
  std::vector<std::uint64_t> cells(static_cast<std::size_t>(std::max(cpus, 1)));
  for (const std::uint32_t index : map_keys<std::uint32_t>(from)) {
    if (bpf_map_lookup_elem(from, &index, cells.data()) != 0) continue;
    bpf_map_update_elem(to, &index, cells.data(), BPF_ANY);  // fewer counters now: nothing to keep
  }
  return {};
}

Result<> convert(MapId id, int from, int to) {
  switch (id) {
    case MapId::kPods:
      return move_pods(from, to);
    case MapId::kNode:
      return move_node(from, to);
    case MapId::kCounters:
      return move_counters(from, to);
    default:
      return Error{ErrorCode::kInvalid,
                   std::string("the map ") + to_string(id) + " has a layout of no known version",
                   "run `sockmeshctl uninstall` of the version that made it, then start again"};
  }
}

}  // namespace

bool can_migrate_from(std::uint64_t abi) { return abi == 1; }

Result<Maps> create_maps(bpf_object* wanted) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, wanted) bpf_program__set_autoload(program, false);
  const int failed = bpf_object__load(wanted);
  if (failed != 0) {
    Error error = system_error("create the eBPF maps", -failed);
    if (failed == -EPERM)
      error.remedy = "give CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, or run as root";
    return error;
  }
  return Maps::take(wanted);
}

Result<Maps> migrate_maps(const std::string& old, bpf_object* wanted) {
  std::array<UniqueFd, kMapCount> changed;
  for (std::size_t i = 0; i < kMapCount; ++i) {
    const auto id = static_cast<MapId>(i);
    SM_TRY_ASSIGN(UniqueFd pinned, open_pinned_map(old + "/" + to_string(id)));
    if (!pinned.valid()) continue;  // a map that the old version did not have
    bpf_map* map = bpf_object__find_map_by_name(wanted, to_string(id));
    if (map == nullptr) continue;
    SM_TRY_ASSIGN(const bool same, has_layout(pinned.get(), map));
    if (!same) {
      changed[i] = std::move(pinned);
      continue;
    }
    const int failed = bpf_map__reuse_fd(map, pinned.get());
    if (failed != 0) return system_error(std::string("take over ") + to_string(id), -failed);
  }
  SM_TRY_ASSIGN(Maps maps, create_maps(wanted));
  for (std::size_t i = 0; i < kMapCount; ++i) {
    const auto id = static_cast<MapId>(i);
    if (changed[i].valid()) SM_TRY(convert(id, changed[i].get(), maps.fd(id)));
  }
  return maps;
}

}  // namespace sm::capture
