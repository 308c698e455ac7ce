// SPDX-License-Identifier: Apache-2.0
#include "base/capture_lists.h"

#include <algorithm>

namespace sm {
namespace {

bool has(const std::vector<std::uint16_t>& ports, std::uint16_t port) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

bool has(const std::vector<Cidr>& ranges, const IpAddress& ip) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Cidr& range) { return range.contains(ip); });
}

}  // namespace

bool CaptureLists::takes_outbound(const SocketAddress& destination) const {
  if (has(out_ports_exclude, destination.port) || has(out_exclude, destination.ip)) return false;
  if (has(out_ports_include, destination.port) || has(out_include, destination.ip)) return true;
  return all_out;
}

bool CaptureLists::takes_inbound(std::uint16_t port) const {
  if (has(in_ports_exclude, port)) return false;
  return all_in || has(in_ports_include, port);
}

bool CaptureLists::takes_everything() const { return *this == CaptureLists{}; }

}  // namespace sm
