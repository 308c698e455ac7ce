// SPDX-License-Identifier: Apache-2.0
// Counters: one worker's numbers, declared once in the catalogue below. One writer (the worker), read by the control thread at
// any time; relaxed, because each cell stands alone.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace sm::telemetry {

enum class Metric : std::uint8_t {
  kDownstreamOpened,
  kDownstreamClosed,
  kRequests,
  kUpstreamOpened,
  kUpstreamFailed,
  kProbesSent,
  kProbesFailed,
  kNoWish,            // captured connections without an original destination: reset
  kSinkProbes,        // probes that a sink of this worker accepted
  kAcceptFailed,      // accept() failed for want of descriptors or memory
  kDenied,            // requests and connections refused by a security policy
  kProtocolErrors,    // downstream HTTP errors
  kCount,
};

struct MetricInfo {
  std::string_view name;  // "downstream_opened"
  std::string_view help;
};
const MetricInfo& info(Metric metric);

class Counters {
 public:
  void add(Metric metric, std::uint64_t amount = 1) {
    auto& cell = x_cells[static_cast<std::size_t>(metric)];
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::uint64_t read(Metric metric) const {
    return x_cells[static_cast<std::size_t>(metric)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Metric::kCount)> x_cells{};
};

}  // namespace sm::telemetry
