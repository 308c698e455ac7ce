// SPDX-License-Identifier: Apache-2.0
// WorkloadIndex: the pods of a Snapshot as workloads, found by key and by selector. Lives while a
// plan is being built, on the building thread; the workloads themselves go into the plan.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "config/snapshot.h"
#include "plan/workload.h"

namespace sm::plan {

struct KnownPod {
  const config::Pod* pod = nullptr;
  const Workload* workload = nullptr;
};

// Not ended, so that its addresses are still its own.
bool is_alive(const config::Pod& pod);
// May get traffic through a Service that has no endpoint objects.
bool is_endpoint(const config::Pod& pod);

class WorkloadIndex {
 public:
  // `enrolled`: keys of this node's enrolled pods; null: every pod is (offline). `snapshot`
  // outlives the index.
  WorkloadIndex(const config::Snapshot& snapshot, const std::vector<std::string>* enrolled);

  const std::vector<KnownPod>& pods() const { return x_pods; }
  const KnownPod* find(std::string_view key) const;
  const KnownPod* at(const IpAddress& ip) const;
  // Pods of the namespace that have all labels of `selector`, in the order of the Snapshot. An
  // empty selector selects none.
  std::vector<const KnownPod*> select(const std::string& home,
                                      const config::Labels& selector) const;

  // For the plan: the workloads, and those with addresses of their own by address. The index is not
  // to be used afterwards but for pods() and find().
  std::vector<std::unique_ptr<const Workload>> take_workloads() { return std::move(x_workloads); }

 private:
  std::vector<std::unique_ptr<const Workload>> x_workloads;
  std::vector<KnownPod> x_pods;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> x_by_key;
  std::unordered_map<IpAddress, std::size_t, IpHash> x_by_ip;
  std::unordered_map<std::string, std::vector<std::size_t>, TextHash, std::equal_to<>>
      x_by_label;  // "ns\nkey\nvalue"
};

}  // namespace sm::plan
