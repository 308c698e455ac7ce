// SPDX-License-Identifier: Apache-2.0
// DestinationRules: the hosts and pods that they speak of, and servers that are not verified.
#include <fmt/format.h>

#include "analysis/analysers.h"

namespace sm::analysis {
namespace {

using config::DestinationRule;
using config::Severity;

bool is_unverified(const DestinationRule& rule, const config::TrafficPolicy& policy) {
  const bool tls = policy.tls == config::TlsMode::kSimple || policy.tls == config::TlsMode::kMutual;
  return tls && !policy.has_ca_certificates &&
         !(policy.has_credential && rule.has_workload_selector);
}

void check_tls(const DestinationRule& rule, config::Findings& out) {
  if (!rule.policy) return;
  constexpr const char* kRemedy = "write caCertificates; any certificate is taken otherwise";
  if (is_unverified(rule, *rule.policy)) {
    say(out, code::kUnverifiedServer, Severity::kWarning,
        {rule.meta.ref, "spec.trafficPolicy.tls", rule.policy->tls_mark},
        fmt::format("the certificates of {} are not verified", rule.host), kRemedy);
  }
  for (std::size_t i = 0; i < rule.policy->ports.size(); ++i) {
    const config::PortPolicy& level = rule.policy->ports[i];
    if (!is_unverified(rule, level.policy)) continue;
    say(out, code::kUnverifiedServerAtPort, Severity::kWarning,
        {rule.meta.ref, fmt::format("spec.trafficPolicy.portLevelSettings[{}].tls", i),
         level.policy.tls_mark},
        fmt::format("the certificates of {} are not verified at port {}", rule.host, level.port),
        kRemedy);
  }
}

// Labels that a pod has from its node are asked for rarely: pods by the others, then all.
bool selects_some_pod(const World& world, const Labels& wanted) {
  Labels own;
  Labels of_node;
  for (const auto& label : wanted) {
    const bool place =
        label.first.starts_with("topology.") || label.first == "kubernetes.io/hostname";
    (place ? of_node : own).insert(label);
  }
  for (const config::Pod* pod : world.pods_with(own)) {
    if (of_node.empty() || selects(of_node, world.labels_with_place(*pod))) return true;
  }
  return false;
}

void check_pods(const World& world, const DestinationRule& rule, config::Findings& out) {
  const config::ObjectRef& ref = rule.meta.ref;
  const KnownHost* host = world.find_host(rule.host, ref.namespace_, rule.export_to);
  if (host == nullptr) {
    say(out, code::kUnknownRuleHost, Severity::kWarning, {ref, "spec.host", rule.host_mark},
        fmt::format("there is no Service or ServiceEntry for host {}", rule.host),
        "name one that exists");
    return;
  }
  for (std::size_t i = 0; i < rule.subsets.size(); ++i) {
    const config::Subset& subset = rule.subsets[i];
    Labels wanted = host->selector;
    for (const auto& [name, value] : subset.labels) wanted[name] = value;
    if (selects_some_pod(world, wanted)) continue;
    say(out, code::kSubsetWithoutPod, Severity::kError,
        {ref, fmt::format("spec.subsets[{}].labels", i), subset.mark},
        fmt::format("subset {} selects no pod", subset.name),
        "select labels that pods of the Service have");
  }
}

}  // namespace

void analyze_destination_rules(const World& world, config::Findings& out) {
  for (const auto& rule : world.written().destination_rules) {
    check_tls(*rule, out);
    check_pods(world, *rule, out);
  }
}

}  // namespace sm::analysis
