// SPDX-License-Identifier: Apache-2.0
// PodLimits: what one pod may take of the daemon, so that a noisy pod harms itself and not its
// neighbours. A plain value. A pod that several workers own gives each an equal share: no worker
// has to ask another, so the limits are exact without locks, and a pod whose connections are spread
// unevenly meets them a little early.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/limits.h"

namespace sm::io {

struct PodLimits {
  std::size_t connections = kPodConnectionsMax;  // captured and arriving ones together
  std::size_t descriptors = kPodDescriptorsMax;  // those, dials on their behalf, pooled ones
  std::size_t buffer_bytes = kPodBufferBytesMax;

  // One owner's share of `owners`; never nothing.
  PodLimits share_of(unsigned owners) const {
    const auto part = [count = std::max(owners, 1U)](std::size_t whole) {
      return std::max<std::size_t>((whole + count - 1) / count, 1);
    };
    return {part(connections), part(descriptors), part(buffer_bytes)};
  }
  // The same for a process that may open `all` descriptors: no pod gets more than
  // kPodDescriptorsPercent of them.
  PodLimits within(std::size_t all) const {
    PodLimits limits = *this;
    limits.descriptors = std::min(descriptors, all / 100 * kPodDescriptorsPercent);
    return limits;
  }
};

}  // namespace sm::io
