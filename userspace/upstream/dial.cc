// SPDX-License-Identifier: Apache-2.0
#include "upstream/dial.h"

#include <cerrno>

#include "io/transport.h"

namespace sm::upstream {

OpenResult open_and_connect(io::PodSockets& sockets, const DialPlan& plan) {
  OpenResult out;
  if (!plan.pod) {
    out.failure = {FailureKind::kLocalConnect, "the pod's network is not known"};
    return out;
  }
  io::DescriptorShare share;
  if (plan.use != nullptr) {
    auto taken = plan.use->take_descriptor();
    if (!taken) {
      out.failure = {FailureKind::kLocalLimit, "the pod has all the descriptors that it may have"};
      return out;
    }
    share = std::move(*taken);
  }
  auto socket = sockets.open(*plan.pod, plan.to, plan.purpose, plan.client);
  if (!socket) {
    out.failure = {FailureKind::kLocalConnect, socket.error().describe()};
    return out;
  }
  io::set_no_delay(socket->get());
  io::set_urgent_inline(socket->get());
  const auto connected = io::start_connect(socket->get(), plan.to);
  if (!connected) {
    const bool refused = connected.error().code == ErrorCode::kUnavailable;
    out.failure = {refused ? FailureKind::kRemoteConnect : FailureKind::kLocalConnect,
                   connected.error().describe()};
    return out;
  }
  out.opened = Opened{std::move(*socket), *connected, std::move(share)};
  return out;
}

Failure connect_failure(int error_number) {
  const auto kind =
      error_number == ETIMEDOUT ? FailureKind::kConnectTimeout : FailureKind::kRemoteConnect;
  return {kind, system_error("connect", error_number).text};
}

}  // namespace sm::upstream
