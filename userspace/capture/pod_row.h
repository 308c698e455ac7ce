// SPDX-License-Identifier: Apache-2.0
// One pod in the forms that the kernel side keeps: its row in sm_pods, the read-only data of its
// arrive program, its listeners. Control thread.
#pragma once

#include <sockmesh/abi.h>

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "capture/enrolment.h"
#include "capture/pod_netns.h"

namespace sm::capture {

// `policy` as PolicyTable gave it.
sm_pod pod_row(const PodWish& wish, std::uint32_t policy);
sm_arrive_config arrive_config(const PodWish& wish, std::uint64_t cookie);

struct KernelListener {
  std::uint32_t kind = 0;  // enum sm_listener_kind, with SM_LISTENER_V6
  io::PodListener listener;
};
// For each slot one of each kind, in each family that the pod has an address of. IPv4 is always
// there: 127.0.0.1 exists in every netns, and an application may dial IPv4 from an IPv6-only pod.
Result<std::vector<KernelListener>> make_listeners(const PodWish& wish, const PodNetns& netns,
                                                   int home);

}  // namespace sm::capture
