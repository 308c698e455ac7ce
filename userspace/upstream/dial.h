// SPDX-License-Identifier: Apache-2.0
// Dialling: from which pod's network, for what, and to where; and the first step of it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/fd.h"
#include "base/ip.h"
#include "base/limits.h"
#include "io/pod_net.h"
#include "io/pod_sockets.h"
#include "io/pod_use.h"
#include "upstream/failure.h"

namespace sm::upstream {

struct DialPlan {
  SocketAddress to;
  std::shared_ptr<const io::PodNet> pod;  // in whose namespace the socket lives
  io::DialPurpose purpose = io::DialPurpose::kWire;
  std::optional<SocketAddress> client;  // kApplication: whom the application sees
  std::chrono::milliseconds timeout = kConnectTimeout;
  io::PodUse* use = nullptr;  // on whose behalf; null: nobody's (probes). Outlives the dial
};

struct Opened {
  UniqueFd fd;
  bool connected = false;  // else: wait for writability
  io::DescriptorShare share;
};

// Opens the socket, marked as ours, and starts to connect. The failure of this step is the caller's
// answer at once. A pod that has all its descriptors gets no further one.
struct OpenResult {
  std::optional<Opened> opened;
  Failure failure;
};
OpenResult open_and_connect(io::PodSockets& sockets, const DialPlan& plan);

// What a failed connect means: refused and unreachable are the peer's word, ETIMEDOUT a time-out.
Failure connect_failure(int error_number);

}  // namespace sm::upstream
