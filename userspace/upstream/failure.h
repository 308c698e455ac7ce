// SPDX-License-Identifier: Apache-2.0
// Failure: why an upstream connection or exchange did not work out, in Envoy's vocabulary
// (istio-behaviour.md 3.7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sm::upstream {

enum class FailureKind : std::uint8_t {
  kRemoteConnect,   // the peer, or the network, refused: UF
  kLocalConnect,    // we could not even try (descriptors, ports, mark): UF
  kLocalLimit,      // the pod has what it may have: UF
  kConnectTimeout,  // UF
  kTerminated,      // the connection ended before the response was whole: UC
  kProtocol,        // the upstream broke HTTP: 502 UPE
};

struct Failure {
  FailureKind kind = FailureKind::kRemoteConnect;
  std::string text;  // for the log: what the system said
};

// "remote connection failure", "connection timeout", ...: the reset reason in bodies and details.
constexpr std::string_view reason_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::kRemoteConnect:
      return "remote connection failure";
    case FailureKind::kLocalConnect:
    case FailureKind::kLocalLimit:
      return "local connection failure";
    case FailureKind::kConnectTimeout:
      return "connection timeout";
    case FailureKind::kTerminated:
      return "connection termination";
    case FailureKind::kProtocol:
      return "protocol error";
  }
  return "";
}

}  // namespace sm::upstream
