// SPDX-License-Identifier: Apache-2.0
#include "capture/pod_row.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/rng.h"
#include "capture/maps.h"

namespace sm::capture {
namespace {

bool has_ipv6(const PodWish& wish) {
  return std::any_of(wish.ips.begin(), wish.ips.end(),
                     [](const IpAddress& ip) { return !ip.is_v4(); });
}

std::uint32_t abi_kind(io::ListenerKind kind, int family) {
  const std::uint32_t offset = family == AF_INET ? 0 : SM_LISTENER_V6;
  switch (kind) {
    case io::ListenerKind::kOutbound:
      return SM_LISTENER_OUT + offset;
    case io::ListenerKind::kInbound:
      return SM_LISTENER_IN + offset;
    case io::ListenerKind::kSink:
      return SM_LISTENER_SINK + offset;
  }
  return SM_LISTENER_KINDS;
}

}  // namespace

sm_pod pod_row(const PodWish& wish, std::uint32_t policy) {
  sm_pod row{};
  row.state = wish.bypass ? SM_POD_BYPASS : SM_POD_ENROLLED;
  row.policy = policy;
  row.slots = static_cast<std::uint32_t>(wish.workers.size());
  if (has_ipv6(wish)) row.flags |= SM_POD_IPV6;
  if (!wish.lists.all_out) row.flags |= SM_POD_OUT_LISTED;
  if (!wish.lists.all_in) row.flags |= SM_POD_IN_LISTED;
  // Addresses beyond the fourth do not exist in Kubernetes (one for each family).
  for (const IpAddress& ip : wish.ips) {
    if (row.ip_count < SM_POD_IPS_MAX) row.ip[row.ip_count++] = to_abi(ip);
  }
  return row;
}

sm_arrive_config arrive_config(const PodWish& wish, std::uint64_t cookie) {
  const sm_pod row = pod_row(wish, 0);
  sm_arrive_config config{};
  config.netns = cookie;
  config.slots = row.slots;
  config.seed = static_cast<std::uint32_t>(Rng(0).next());
  config.gateway = wish.gateway ? 1 : 0;
  config.ip_count = row.ip_count;
  std::copy(std::begin(row.ip), std::end(row.ip), std::begin(config.ip));
  return config;
}

Result<std::vector<KernelListener>> make_listeners(const PodWish& wish, const PodNetns& netns,
                                                   int home) {
  std::vector<int> families = {AF_INET};
  if (has_ipv6(wish)) families.push_back(AF_INET6);
  std::vector<KernelListener> listeners;
  for (unsigned slot = 0; slot < wish.workers.size(); ++slot) {
    for (const int family : families) {
      for (const io::ListenerKind kind :
           {io::ListenerKind::kOutbound, io::ListenerKind::kInbound, io::ListenerKind::kSink}) {
        SM_TRY_ASSIGN(UniqueFd socket, listen_in(netns, home, family));
        listeners.push_back(
            KernelListener{abi_kind(kind, family),
                           io::PodListener{kind, slot, wish.workers[slot], std::move(socket)}});
      }
    }
  }
  return listeners;
}

}  // namespace sm::capture
