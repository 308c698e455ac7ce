// SPDX-License-Identifier: Apache-2.0
// Response flags: why a response is what it is, in Envoy's short names and in the order in which
// they were set (istio-behaviour.md section 10). A small value.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sm::telemetry {

enum class Flag : std::uint8_t {
  kNoHealthyUpstream,          // UH
  kUpstreamRequestTimeout,     // UT
  kLocalReset,                 // LR
  kUpstreamConnectionFailure,  // UF
  kUpstreamTerminated,         // UC
  kUpstreamOverflow,           // UO
  kNoRoute,                    // NR
  kNoCluster,                  // NC
  kDownstreamProtocolError,    // DPE
  kUpstreamProtocolError,      // UPE
  kDownstreamTerminated,       // DC
  kUpstreamReset,              // UR
  kDelayInjected,              // DI
  kFaultInjected,              // FI
  kRateLimited,                // RL
  kExternalAuthorization,      // UAEX
  kRateLimitServiceError,      // RLSE
  kRetriesExhausted,           // URX
  kStreamIdleTimeout,          // SI
  kUpstreamDuration,           // UMSDR
  kDuration,                   // DT
  kOverload,                   // OM
  kDnsFailed,                  // DF
  kDownstreamReset,            // DR
  kCount,
};

std::string_view short_name(Flag flag);

class ResponseFlags {
 public:
  // Setting a flag again changes nothing, nor does a fifth one.
  void set(Flag flag);
  bool has(Flag flag) const;
  bool empty() const { return x_count == 0; }
  // "UF,URX"; "-" when none.
  std::string to_string() const;
  void append_to(std::string& out) const;

 private:
  std::array<Flag, 4> x_flags{};  // more than these never meet on one response
  std::uint8_t x_count = 0;
};

}  // namespace sm::telemetry
