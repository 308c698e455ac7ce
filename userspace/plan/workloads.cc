// SPDX-License-Identifier: Apache-2.0
#include "plan/workloads.h"

#include <unordered_set>

#include "plan/naming.h"

namespace sm::plan {

namespace {

std::string label_key(std::string_view home, std::string_view key, std::string_view value) {
  std::string out(home);
  out.append("\n").append(key).append("\n").append(value);
  return out;
}

std::unique_ptr<Workload> workload_of(const config::Pod& pod, const std::string& trust_domain) {
  auto out = std::make_unique<Workload>();
  const config::ObjectRef& ref = pod.meta.ref;
  out->key = ref.namespace_ + "/" + ref.name;
  out->namespace_ = ref.namespace_;
  out->name = ref.name;
  out->service_account = pod.service_account;
  out->identity =
      "spiffe://" + trust_domain + "/ns/" + ref.namespace_ + "/sa/" + pod.service_account;
  out->node = pod.node_name;
  out->labels = pod.meta.labels;
  out->ips = pod.ips;
  const auto gateway = pod.meta.annotations.find("sockmesh.io/gateway");
  out->gateway = gateway != pod.meta.annotations.end() && gateway->second == "true";
  return out;
}

}  // namespace

bool is_alive(const config::Pod& pod) { return pod.phase != "Succeeded" && pod.phase != "Failed"; }

bool is_endpoint(const config::Pod& pod) {
  return pod.ready && !pod.deleting && (pod.phase.empty() || pod.phase == "Running") &&
         !pod.ips.empty();
}

WorkloadIndex::WorkloadIndex(const config::Snapshot& snapshot,
                             const std::vector<std::string>* enrolled) {
  std::unordered_set<std::string_view> here;
  if (enrolled != nullptr) here.insert(enrolled->begin(), enrolled->end());
  x_workloads.reserve(snapshot.pods.size());
  x_pods.reserve(snapshot.pods.size());
  for (const auto& pod : snapshot.pods) {
    auto workload = workload_of(*pod, snapshot.mesh.trust_domain);
    workload->enrolled_here = enrolled == nullptr || here.contains(workload->key);
    const std::size_t index = x_pods.size();
    x_pods.push_back({pod.get(), workload.get()});
    x_by_key.emplace(workload->key, index);
    // Pods in the host's namespace share the host's address, which therefore names none of them.
    if (is_alive(*pod) && !pod->host_network) {
      for (const IpAddress& ip : pod->ips) {
        const auto [place, fresh] = x_by_ip.try_emplace(ip, index);
        // Of a pod that is going and the one that got its address, the second is meant.
        if (!fresh && x_pods[place->second].pod->deleting) place->second = index;
      }
    }
    for (const auto& [key, value] : pod->meta.labels) {
      x_by_label[label_key(workload->namespace_, key, value)].push_back(index);
    }
    x_workloads.push_back(std::move(workload));
  }
}

const KnownPod* WorkloadIndex::find(std::string_view key) const {
  const auto found = x_by_key.find(key);
  return found == x_by_key.end() ? nullptr : &x_pods[found->second];
}

const KnownPod* WorkloadIndex::at(const IpAddress& ip) const {
  const auto found = x_by_ip.find(ip);
  return found == x_by_ip.end() ? nullptr : &x_pods[found->second];
}

std::vector<const KnownPod*> WorkloadIndex::select(const std::string& home,
                                                   const config::Labels& selector) const {
  std::vector<const KnownPod*> out;
  const std::vector<std::size_t>* fewest = nullptr;
  for (const auto& [key, value] : selector) {
    const auto found = x_by_label.find(label_key(home, key, value));
    if (found == x_by_label.end()) return out;
    if (fewest == nullptr || found->second.size() < fewest->size()) fewest = &found->second;
  }
  if (fewest == nullptr) return out;
  for (const std::size_t index : *fewest) {
    if (has_labels(x_pods[index].pod->meta.labels, selector)) out.push_back(&x_pods[index]);
  }
  return out;
}

}  // namespace sm::plan
