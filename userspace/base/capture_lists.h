// SPDX-License-Identifier: Apache-2.0
// CaptureLists: which of one enrolled pod's TCP connections the mesh takes, as its owner asked with
// Istio's traffic.sidecar.istio.io annotations. A value: config/ reads it, capture/ puts it into
// the kernel, plan/ and proxy/ ask it, and the eBPF decision is tested against it.
//
// Order, as in Istio's own capture: an excluded port goes past; an excluded range goes past; an
// included port is taken; an included range is taken; the rest as `all_out` says.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ip.h"

namespace sm {

struct CaptureLists {
  bool all_out = true;  // includeOutboundIPRanges is "*", the default
  std::vector<Cidr> out_include;
  std::vector<Cidr> out_exclude;
  std::vector<std::uint16_t> out_ports_include;
  std::vector<std::uint16_t> out_ports_exclude;
  bool all_in = true;  // includeInboundPorts is "*", the default
  std::vector<std::uint16_t> in_ports_include;
  std::vector<std::uint16_t> in_ports_exclude;

  // Whether a connection of the pod to `destination` is taken. Loopback and the pod's own addresses
  // are not asked about: they never are.
  bool takes_outbound(const SocketAddress& destination) const;
  // Whether a connection from the network to the pod's `port` is taken.
  bool takes_inbound(std::uint16_t port) const;
  bool takes_everything() const;

  bool operator==(const CaptureLists&) const = default;
};

}  // namespace sm
