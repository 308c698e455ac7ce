// SPDX-License-Identifier: Apache-2.0
// RuleIndex: DestinationRules merged and looked up as Istio does it (istio-behaviour.md 1.7). Lives
// while a plan is being built, on the building thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "config/snapshot.h"
#include "plan/cluster.h"

namespace sm::plan {

// All rules of one namespace for one host, as one.
struct MergedRule {
  std::string name;  // "name.namespace" of the oldest
  std::string namespace_;
  std::string host;
  std::vector<std::string> export_to;             // of the oldest
  const config::TrafficPolicy* policy = nullptr;  // of the oldest that has one; null: none
  std::vector<const config::Subset*> subsets;     // the first of each name

  const config::Subset* subset(std::string_view subset_name) const;
};

// What a traffic policy comes to for one port and subset, as far as this version applies it.
struct EffectivePolicy {
  LoadBalancer load_balancer = LoadBalancer::kLeastRequest;
  std::chrono::milliseconds connect_timeout = kConnectTimeout;
};

// Subset port level over subset over top port level over top; a block is replaced whole, and a
// matching port level entry replaces every block, by the defaults where it has none. `rule` and
// `subset` may be null.
EffectivePolicy effective_policy(const MergedRule* rule, const config::Subset* subset,
                                 std::uint16_t port);

class RuleIndex {
 public:
  // Rules with a workloadSelector are for some clients only; they are left out (the loader says
  // so).
  explicit RuleIndex(const config::Snapshot& snapshot);

  // The rule for clients of `client_namespace` that talk to the service `fqdn` of
  // `service_namespace`: their own namespace's, else one exported by the service's namespace, else
  // one exported by the root namespace; of each the most specific host. Null: none.
  const MergedRule* find(const std::string& client_namespace, const std::string& service_namespace,
                         std::string_view fqdn) const;

 private:
  struct Rules {
    std::unordered_map<std::string, std::unique_ptr<MergedRule>, TextHash, std::equal_to<>> exact;
    std::vector<std::unique_ptr<MergedRule>> wildcards;  // longest first
    void add(const config::DestinationRule& rule);
    void sort();
    const MergedRule* find(std::string_view fqdn, std::string_view client_namespace) const;
  };
  using ByNamespace = std::unordered_map<std::string, Rules>;
  static const MergedRule* find_in(const ByNamespace& rules, const std::string& owner,
                                   std::string_view fqdn, std::string_view client_namespace);

  ByNamespace x_local;     // what a namespace's own clients see
  ByNamespace x_exported;  // what others may see of it
  ByNamespace x_private;   // of the root namespace: what only it sees
  std::string x_root;
};

}  // namespace sm::plan
