// SPDX-License-Identifier: Apache-2.0
#include "capture/policy_table.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "capture/map_keys.h"
#include "io/pod_sockets.h"

namespace sm::capture {
namespace {

Result<> lists_full(int error_number, const char* map) {
  if (error_number == E2BIG || error_number == ENOSPC)
    return Error{ErrorCode::kLimit, fmt::format("{} is full", map), "shorten the pods' lists"};
  return system_error(fmt::format("write {}", map), error_number);
}

sm_range_key range_key(std::uint32_t policy, const Cidr& range) {
  const unsigned length = range.base.is_v4() ? range.prefix_length + 96 : range.prefix_length;
  return sm_range_key{SM_RANGE_POLICY_BITS + length, policy, to_abi(range.base)};
}

bool has_ipv6(const std::vector<Cidr>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [](const Cidr& one) { return !one.base.is_v4(); });
}

// The kernel asks for the longest prefix only, and exclusion goes before inclusion.
bool is_inside_excluded(const CaptureLists& lists, const Cidr& range) {
  return std::any_of(lists.out_exclude.begin(), lists.out_exclude.end(), [&](const Cidr& one) {
    return one.prefix_length <= range.prefix_length && one.base.is_v4() == range.base.is_v4() &&
           one.contains(range.base);
  });
}

}  // namespace

Result<> PolicyTable::write(std::uint32_t policy, const CaptureLists& lists) const {
  const auto range = [&](const Cidr& cidr, __u32 take) -> Result<> {
    const sm_range_key key = range_key(policy, cidr);
    if (bpf_map_update_elem(x_maps.fd(MapId::kRanges), &key, &take, BPF_ANY) == 0) return {};
    return lists_full(errno, "sm_ranges");
  };
  const auto port = [&](std::uint16_t number, __u16 direction, __u32 take) -> Result<> {
    const sm_port_key key{policy, to_be16(number), direction};
    if (bpf_map_update_elem(x_maps.fd(MapId::kPorts), &key, &take, BPF_ANY) == 0) return {};
    return lists_full(errno, "sm_ports");
  };
  // IPv4 lies inside ::/0 there. A range of IPv6 says nothing of it; one of IPv4 overwrites this.
  if (has_ipv6(lists.out_include) || has_ipv6(lists.out_exclude))
    SM_TRY(range(Cidr{}, SM_TAKE_UNSAID));
  for (const Cidr& one : lists.out_include)
    if (!is_inside_excluded(lists, one)) SM_TRY(range(one, SM_TAKE_YES));
  for (const Cidr& one : lists.out_exclude) SM_TRY(range(one, SM_TAKE_NO));
  // The tests of capture are taken whatever the lists say of their address.
  for (const int family : {AF_INET, AF_INET6}) {
    const IpAddress ip = io::self_test_destination(family).ip;
    SM_TRY(range(Cidr{ip, ip.is_v4() ? 32U : 128U}, SM_TAKE_YES));
  }
  // Included first: a port in both lists ends as excluded.
  for (const std::uint16_t one : lists.out_ports_include)
    SM_TRY(port(one, SM_OUTBOUND, SM_TAKE_YES));
  for (const std::uint16_t one : lists.out_ports_exclude)
    SM_TRY(port(one, SM_OUTBOUND, SM_TAKE_NO));
  for (const std::uint16_t one : lists.in_ports_include) SM_TRY(port(one, SM_INBOUND, SM_TAKE_YES));
  for (const std::uint16_t one : lists.in_ports_exclude) SM_TRY(port(one, SM_INBOUND, SM_TAKE_NO));
  return {};
}

Result<std::uint32_t> PolicyTable::add(const CaptureLists& lists) {
  if (lists.takes_everything()) return std::uint32_t{0};
  if (x_last == 0) {
    const std::set<std::uint32_t> left = numbers();
    if (!left.empty()) x_last = *left.rbegin();
  }
  const std::uint32_t policy = ++x_last;
  const Result<> written = write(policy, lists);
  if (written) return policy;
  remove(policy);
  return written.error();
}

void PolicyTable::remove(std::uint32_t policy) {
  if (policy == 0) return;
  for (const sm_range_key& key : map_keys<sm_range_key>(x_maps.fd(MapId::kRanges))) {
    if (key.policy == policy) bpf_map_delete_elem(x_maps.fd(MapId::kRanges), &key);
  }
  for (const sm_port_key& key : map_keys<sm_port_key>(x_maps.fd(MapId::kPorts))) {
    if (key.policy == policy) bpf_map_delete_elem(x_maps.fd(MapId::kPorts), &key);
  }
}

void PolicyTable::keep_only(const std::set<std::uint32_t>& used) {
  for (const std::uint32_t policy : numbers()) {
    if (used.count(policy) == 0) remove(policy);
  }
}

std::set<std::uint32_t> PolicyTable::numbers() const {
  std::set<std::uint32_t> found;
  for (const sm_range_key& key : map_keys<sm_range_key>(x_maps.fd(MapId::kRanges)))
    found.insert(key.policy);
  for (const sm_port_key& key : map_keys<sm_port_key>(x_maps.fd(MapId::kPorts)))
    found.insert(key.policy);
  return found;
}

}  // namespace sm::capture
