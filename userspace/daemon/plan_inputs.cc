// SPDX-License-Identifier: Apache-2.0
#include "daemon/plan_inputs.h"

#include <algorithm>
#include <utility>

namespace sm::daemon {

namespace {
bool same_objects(const config::Snapshot& a, const config::Snapshot& b) {
  return a.namespaces == b.namespaces && a.services == b.services && a.pods == b.pods &&
         a.endpoints == b.endpoints && a.virtual_services == b.virtual_services &&
         a.destination_rules == b.destination_rules && a.gateways == b.gateways &&
         a.security_policies == b.security_policies &&
         a.broken_security_policies == b.broken_security_policies && a.mesh == b.mesh;
}

// The addresses of the waiting pods too: an endpoint may name its pod by address only.
struct Waiting {
  const std::set<std::string>& keys;
  std::set<IpAddress> addresses;

  bool holds(const config::Endpoints& slice, const config::EndpointAddress& endpoint) const {
    if (!endpoint.pod_name.empty()) {
      return keys.count(slice.meta.ref.namespace_ + "/" + endpoint.pod_name) > 0;
    }
    return std::any_of(endpoint.addresses.begin(), endpoint.addresses.end(),
                       [this](const IpAddress& ip) { return addresses.count(ip) > 0; });
  }
};

std::shared_ptr<const config::Endpoints> without_waiting(
    const std::shared_ptr<const config::Endpoints>& slice, const Waiting& waiting) {
  std::shared_ptr<config::Endpoints> changed;
  for (std::size_t index = 0; index < slice->endpoints.size(); ++index) {
    if (!slice->endpoints[index].ready || !waiting.holds(*slice, slice->endpoints[index])) continue;
    if (!changed) changed = std::make_shared<config::Endpoints>(*slice);
    changed->endpoints[index].ready = false;
  }
  return changed ? changed : slice;
}
}  // namespace

bool PlanInputs::same_effect(const PlanInputs& other) const {
  if (!snapshot || !other.snapshot) return false;
  return enrolled == other.enrolled && waiting == other.waiting &&
         (snapshot == other.snapshot || same_objects(*snapshot, *other.snapshot));
}

std::shared_ptr<const config::Snapshot> PlanInputs::effective_snapshot() const {
  if (waiting.empty()) return snapshot;
  auto effective = std::make_shared<config::Snapshot>(*snapshot);
  Waiting held{waiting, {}};
  for (auto& pod : effective->pods) {
    if (waiting.count(pod_key(*pod)) == 0) continue;
    held.addresses.insert(pod->ips.begin(), pod->ips.end());
    auto changed = std::make_shared<config::Pod>(*pod);
    changed->ready = false;
    pod = std::move(changed);
  }
  for (auto& slice : effective->endpoints) slice = without_waiting(slice, held);
  return effective;
}

std::string pod_key(const config::Pod& pod) {
  return pod.meta.ref.namespace_ + "/" + pod.meta.ref.name;
}

std::vector<std::string> enrolled_keys(const std::vector<config::Enrolment>& rules) {
  std::vector<std::string> keys;
  for (const config::Enrolment& rule : rules) {
    if (rule.enrolled && !rule.gone) keys.push_back(pod_key(*rule.pod));
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace sm::daemon
