// SPDX-License-Identifier: Apache-2.0
#include "plan/destination_rules.h"

#include <algorithm>

#include "plan/naming.h"

namespace sm::plan {

namespace {

LoadBalancer balancer_of(config::LoadBalancer configured) {
  switch (configured) {
    case config::LoadBalancer::kUnset:
    case config::LoadBalancer::kLeastRequest:
      return LoadBalancer::kLeastRequest;
    case config::LoadBalancer::kRoundRobin:
      return LoadBalancer::kRoundRobin;
    case config::LoadBalancer::kRandom:
      return LoadBalancer::kRandom;
    case config::LoadBalancer::kPassthrough:
      return LoadBalancer::kPassthrough;
  }
  return LoadBalancer::kLeastRequest;
}

void apply_pool(const config::TrafficPolicy& policy, EffectivePolicy& out) {
  out.connect_timeout = policy.connect_timeout.value_or(kConnectTimeout);
}

void apply(const config::TrafficPolicy* policy, std::uint16_t port, EffectivePolicy& out) {
  if (policy == nullptr) return;
  if (policy->has_load_balancer) out.load_balancer = balancer_of(policy->load_balancer);
  if (policy->has_connection_pool) apply_pool(*policy, out);
  for (const auto& [number, level] : policy->ports) {
    if (number != port) continue;
    // Blocks that the entry leaves out go back to the defaults, not to the parent's values.
    out = EffectivePolicy{};
    if (level.has_load_balancer) out.load_balancer = balancer_of(level.load_balancer);
    if (level.has_connection_pool) apply_pool(level, out);
    return;
  }
}

void merge(MergedRule& into, const config::DestinationRule& rule) {
  if (into.policy == nullptr && rule.policy) into.policy = &*rule.policy;
  for (const config::Subset& subset : rule.subsets) {
    if (into.subset(subset.name) == nullptr) into.subsets.push_back(&subset);
  }
}

}  // namespace

const config::Subset* MergedRule::subset(std::string_view subset_name) const {
  for (const config::Subset* candidate : subsets) {
    if (candidate->name == subset_name) return candidate;
  }
  return nullptr;
}

EffectivePolicy effective_policy(const MergedRule* rule, const config::Subset* subset,
                                 std::uint16_t port) {
  EffectivePolicy out;
  if (rule != nullptr) apply(rule->policy, port, out);
  if (subset != nullptr && subset->policy) apply(&*subset->policy, port, out);
  return out;
}

void RuleIndex::Rules::add(const config::DestinationRule& rule) {
  const std::string host = resolve_host(rule.host, rule.meta.ref.namespace_);
  MergedRule* target = nullptr;
  if (is_wildcard(host)) {
    const auto same = [&host](const auto& other) { return other->host == host; };
    const auto found = std::find_if(wildcards.begin(), wildcards.end(), same);
    target = found == wildcards.end() ? wildcards.emplace_back(std::make_unique<MergedRule>()).get()
                                      : found->get();
  } else {
    auto& place = exact[host];
    if (!place) place = std::make_unique<MergedRule>();
    target = place.get();
  }
  if (target->name.empty()) {
    target->name = rule.meta.ref.name + "." + rule.meta.ref.namespace_;
    target->namespace_ = rule.meta.ref.namespace_;
    target->host = host;
    target->export_to = rule.export_to;
  }
  merge(*target, rule);
}

void RuleIndex::Rules::sort() {
  std::stable_sort(wildcards.begin(), wildcards.end(),
                   [](const auto& a, const auto& b) { return a->host.size() > b->host.size(); });
}

const MergedRule* RuleIndex::Rules::find(std::string_view fqdn,
                                         std::string_view client_namespace) const {
  const auto visible = [client_namespace](const MergedRule& rule) {
    return exported_to(rule.export_to, rule.namespace_, client_namespace);
  };
  if (const auto found = exact.find(fqdn); found != exact.end() && visible(*found->second))
    return found->second.get();
  for (const auto& rule : wildcards) {
    if (host_within(fqdn, rule->host) && visible(*rule)) return rule.get();
  }
  return nullptr;
}

RuleIndex::RuleIndex(const config::Snapshot& snapshot) : x_root(snapshot.mesh.root_namespace) {
  std::vector<const config::DestinationRule*> rules;
  for (const auto& rule : snapshot.destination_rules) {
    if (rule->workload_selector.empty()) rules.push_back(rule.get());
  }
  std::sort(rules.begin(), rules.end(),
            [](const auto* a, const auto* b) { return is_older(a->meta, b->meta); });
  for (const config::DestinationRule* rule : rules) {
    const std::string& owner = rule->meta.ref.namespace_;
    const bool is_private = exported_privately(rule->export_to, owner);
    if (exported_to(rule->export_to, owner, owner)) {
      x_local[owner].add(*rule);
      if (is_private && owner == x_root) x_private[owner].add(*rule);
    }
    if (!is_private) x_exported[owner].add(*rule);
  }
  for (ByNamespace* all : {&x_local, &x_exported, &x_private}) {
    for (auto& [owner, merged] : *all) merged.sort();
  }
}

const MergedRule* RuleIndex::find_in(const ByNamespace& rules, const std::string& owner,
                                     std::string_view fqdn, std::string_view client_namespace) {
  const auto found = rules.find(owner);
  return found == rules.end() ? nullptr : found->second.find(fqdn, client_namespace);
}

const MergedRule* RuleIndex::find(const std::string& client_namespace,
                                  const std::string& service_namespace,
                                  std::string_view fqdn) const {
  // Clients in the root namespace get no precedence for its rules, unless these are for it alone.
  const ByNamespace& own = client_namespace == x_root ? x_private : x_local;
  if (const MergedRule* rule = find_in(own, client_namespace, fqdn, client_namespace)) return rule;
  if (const MergedRule* rule = find_in(x_exported, service_namespace, fqdn, client_namespace))
    return rule;
  return find_in(x_exported, x_root, fqdn, client_namespace);
}

}  // namespace sm::plan
