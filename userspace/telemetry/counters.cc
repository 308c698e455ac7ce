// SPDX-License-Identifier: Apache-2.0
#include "telemetry/counters.h"

#include "base/assert.h"

namespace sm::telemetry {
namespace {

// In the order of the enumerators.
constexpr std::array<MetricInfo, static_cast<std::size_t>(Metric::kCount)> kCatalog = {{
    {"downstream_opened", "connections accepted, captured or arriving"},
    {"requests", "HTTP requests whose head was read"},
    {"upstream_opened", "connections to endpoints established"},
    {"upstream_failed", "connections to endpoints that could not be made"},
    {"probes_sent", "admission probes sent to pods of this node"},
    {"probes_failed", "admission probes that were not let through"},
    {"no_wish",
     "connections that nothing was captured for (no original destination, or our listener dialled "
     "by its own port), reset"},
    {"sink_probes", "admission probes accepted for pods of this node"},
    {"accept_failed", "connections not accepted for want of descriptors or memory"},
    {"pod_connections_refused", "connections reset because their pod has as many as it may"},
    {"pod_dials_refused", "dials not made because their pod has as many descriptors as it may"},
    {"denied", "requests and connections refused by a security policy"},
    {"protocol_errors", "HTTP requests refused because they broke the protocol"},
}};
static_assert(!kCatalog.back().name.empty());

}  // namespace

const MetricInfo& info(Metric metric) {
  SM_ASSERT(metric < Metric::kCount);
  return kCatalog[static_cast<std::size_t>(metric)];
}

std::uint64_t sum(std::span<const Counters* const> workers, Metric metric) {
  std::uint64_t total = 0;
  for (const Counters* worker : workers) total += worker->read(metric);
  return total;
}

}  // namespace sm::telemetry
