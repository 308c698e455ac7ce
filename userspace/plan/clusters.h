// SPDX-License-Identifier: Apache-2.0
// ClusterStore: makes the clusters of a plan, each once: clients of two namespaces share a cluster
// unless different DestinationRules apply to them. Lives while a plan is being built, on the
// building thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "plan/cluster.h"
#include "plan/destination_rules.h"
#include "plan/services.h"

namespace sm::plan {

class ClusterStore {
 public:
  // Both outlive the store.
  ClusterStore(const ServiceIndex& services, const RuleIndex& rules);
  ClusterStore(const ClusterStore&) = delete;
  ClusterStore& operator=(const ClusterStore&) = delete;

  const Cluster* passthrough() const { return x_passthrough; }
  const Cluster* black_hole() const { return x_black_hole; }

  // How a cluster of a headless Service picks: its clients choose a pod by its address themselves,
  // so a connection to it keeps its destination (as Istio has it); from a gateway, or from another
  // host's routes, there is no such choice to keep.
  enum class Pick : unsigned char { kBalance, kKeepDestination };

  // The whole-service cluster, and with it those of all subsets.
  const Cluster* whole(const std::string& client_namespace, const KnownService& service,
                       const KnownPort& port, Pick pick);

  enum class Missing : unsigned char { kNothing, kService, kPort, kSubset };
  struct Found {
    const Cluster* cluster = nullptr;
    Missing missing = Missing::kNothing;
    const KnownService* service = nullptr;
    const MergedRule* rule = nullptr;
  };
  // What a route of clients of `client_namespace` names. The Service has to be exported to them.
  Found find(const std::string& client_namespace, std::string_view fqdn, std::uint16_t port,
             const std::string& subset, Pick pick);

  // For the plan; the store is not to be used afterwards.
  std::vector<std::unique_ptr<const Cluster>> take() { return std::move(x_clusters); }

 private:
  using Key = std::tuple<const KnownPort*, const MergedRule*, const config::Subset*, Pick>;
  const Cluster* make(const KnownService& service, const KnownPort& port, const MergedRule* rule,
                      const config::Subset* subset, Pick pick);
  const Cluster* add(Cluster cluster);

  const ServiceIndex& x_services;
  const RuleIndex& x_rules;
  std::vector<std::unique_ptr<const Cluster>> x_clusters;
  std::map<Key, const Cluster*> x_known;
  const Cluster* x_passthrough = nullptr;
  const Cluster* x_black_hole = nullptr;
};

}  // namespace sm::plan
