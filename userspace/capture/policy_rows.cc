// SPDX-License-Identifier: Apache-2.0
#include "capture/policy_rows.h"

#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "capture/maps.h"
#include "io/pod_sockets.h"

namespace sm::capture {
namespace {

constexpr unsigned kMappedBits = 96;  // of ::ffff:0:0/96, where IPv4 addresses are

sm_range_key range_key(std::uint32_t policy, const Cidr& range) {
  const unsigned length =
      range.base.is_v4() ? range.prefix_length + kMappedBits : range.prefix_length;
  return sm_range_key{SM_RANGE_POLICY_BITS + length, policy, to_abi(range.base)};
}

// The kernel asks for the longest prefix only, and exclusion goes before inclusion.
bool is_inside_excluded(const CaptureLists& lists, const Cidr& range) {
  return std::any_of(lists.out_exclude.begin(), lists.out_exclude.end(), [&](const Cidr& one) {
    return one.prefix_length <= range.prefix_length && one.base.is_v4() == range.base.is_v4() &&
           one.contains(range.base);
  });
}

bool has_ipv6(const std::vector<Cidr>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [](const Cidr& one) { return !one.base.is_v4(); });
}

}  // namespace

PolicyRows policy_rows(std::uint32_t policy, const CaptureLists& lists) {
  PolicyRows rows;
  const auto range = [&](const Cidr& cidr, sm_take take) {
    rows.ranges.emplace_back(range_key(policy, cidr), take);
  };
  const auto port = [&](std::uint16_t number, __u16 direction, sm_take take) {
    rows.ports.emplace_back(sm_port_key{policy, to_be16(number), direction}, take);
  };
  // The kernel keeps IPv4 v4-mapped, so it lies inside ::/0 there. A range of IPv6 says nothing of
  // it; one of IPv4 overwrites this.
  if (has_ipv6(lists.out_include) || has_ipv6(lists.out_exclude))
    range(Cidr{IpAddress(), 0}, SM_TAKE_UNSAID);
  for (const Cidr& one : lists.out_include) {
    if (!is_inside_excluded(lists, one)) range(one, SM_TAKE_YES);
  }
  for (const Cidr& one : lists.out_exclude) range(one, SM_TAKE_NO);
  // The tests of capture are taken whatever the lists say of their address.
  for (const int family : {AF_INET, AF_INET6}) {
    const IpAddress ip = io::self_test_destination(family).ip;
    range(Cidr{ip, ip.is_v4() ? 32U : 128U}, SM_TAKE_YES);
  }
  // Included first: a port in both lists ends as excluded.
  for (const std::uint16_t one : lists.out_ports_include) port(one, SM_OUTBOUND, SM_TAKE_YES);
  for (const std::uint16_t one : lists.out_ports_exclude) port(one, SM_OUTBOUND, SM_TAKE_NO);
  for (const std::uint16_t one : lists.in_ports_include) port(one, SM_INBOUND, SM_TAKE_YES);
  for (const std::uint16_t one : lists.in_ports_exclude) port(one, SM_INBOUND, SM_TAKE_NO);
  return rows;
}

}  // namespace sm::capture
