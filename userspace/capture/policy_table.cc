// SPDX-License-Identifier: Apache-2.0
#include "capture/policy_table.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cerrno>

#include "capture/map_keys.h"
#include "capture/policy_rows.h"

namespace sm::capture {
namespace {

Result<> lists_full(int error_number, const char* map) {
  if (error_number == E2BIG || error_number == ENOSPC)
    return Error{ErrorCode::kLimit, fmt::format("{} is full", map), "shorten the pods' lists"};
  return system_error(fmt::format("write {}", map), error_number);
}

}  // namespace

Result<> PolicyTable::write(std::uint32_t policy, const CaptureLists& lists) const {
  const PolicyRows rows = policy_rows(policy, lists);
  for (const auto& [key, take] : rows.ranges) {
    const __u32 value = take;
    if (bpf_map_update_elem(x_maps.fd(MapId::kRanges), &key, &value, BPF_ANY) != 0)
      return lists_full(errno, "sm_ranges");
  }
  for (const auto& [key, take] : rows.ports) {
    const __u32 value = take;
    if (bpf_map_update_elem(x_maps.fd(MapId::kPorts), &key, &value, BPF_ANY) != 0)
      return lists_full(errno, "sm_ports");
  }
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
