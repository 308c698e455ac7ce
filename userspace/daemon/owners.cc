// SPDX-License-Identifier: Apache-2.0
#include "daemon/owners.h"

#include <algorithm>
#include <cstdint>

#include "base/limits.h"

namespace sm::daemon {

namespace {
// FNV-1a: std::hash may differ between builds, and a pod should keep its owners when the daemon is
// replaced.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  // The low bits of FNV of short, similar names are poor; fold the high ones in before the modulo.
  return hash ^ (hash >> 32U);
}
}  // namespace

std::vector<unsigned> owners_of(std::string_view pod_key, const OwnerDemand& demand) {
  const unsigned workers = std::max(demand.workers, 1U);
  const unsigned most = std::min(workers, kPodOwnersMax);
  const unsigned count = demand.wanted == 0 ? most : std::min(demand.wanted, most);
  const auto first = static_cast<unsigned>(stable_hash(pod_key) % workers);
  std::vector<unsigned> owners;
  owners.reserve(count);
  for (unsigned slot = 0; slot < count; ++slot) owners.push_back((first + slot) % workers);
  return owners;
}

unsigned wanted_owners(bool gateway, unsigned workers_per_pod, unsigned concurrency) {
  if (gateway || concurrency == 0) return 0;
  return std::max({workers_per_pod, concurrency, 1U});
}

}  // namespace sm::daemon
