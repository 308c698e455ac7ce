// SPDX-License-Identifier: Apache-2.0
// Counters: one worker's numbers, declared once in the catalogue below. One writer (the worker),
// read by the control thread at any time; relaxed, because each cell stands alone.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

namespace sm::telemetry {

enum class Metric : std::uint8_t {
  kDownstreamOpened,
  kRequests,
  kUpstreamOpened,
  kUpstreamFailed,
  kProbesSent,
  kProbesFailed,
  kNoWish,                 // captured connections without an original destination: reset
  kSinkProbes,             // probes that a sink of this worker accepted
  kAcceptFailed,           // accept() failed for want of descriptors or memory
  kPodConnectionsRefused,  // connections over their pod's limit: reset
  kPodDialsRefused,        // dials over their pod's limit
  kDenied,                 // requests and connections refused by a security policy
  kProtocolErrors,         // downstream HTTP errors
  kCount,
};

struct MetricInfo {
  std::string_view name;  // "downstream_opened"
  std::string_view help;
};
const MetricInfo& info(Metric metric);

// Aligned so that two workers never write to one cache line.
class alignas(64) Counters {
 public:
  // The worker only: with one writer a load and a store are enough, and no locked instruction is
  // paid.
  void add(Metric metric, std::uint64_t amount = 1) {
    auto& cell = x_cells[static_cast<std::size_t>(metric)];
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // Any thread.
  std::uint64_t read(Metric metric) const {
    return x_cells[static_cast<std::size_t>(metric)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Metric::kCount)> x_cells{};
};

// Over all workers, on any thread. Each cell is whole, but two metrics are not of one instant.
std::uint64_t sum(std::span<const Counters* const> workers, Metric metric);

}  // namespace sm::telemetry
