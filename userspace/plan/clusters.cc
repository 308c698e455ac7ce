// SPDX-License-Identifier: Apache-2.0
#include "plan/clusters.h"

#include "plan/naming.h"

namespace sm::plan {

namespace {

bool in_subset(const Endpoint& endpoint, const config::Subset& subset) {
  if (subset.labels.empty()) return true;
  return endpoint.workload != nullptr && has_labels(endpoint.workload->labels, subset.labels);
}

}  // namespace

ClusterStore::ClusterStore(const ServiceIndex& services, const RuleIndex& rules)
    : x_services(services), x_rules(rules) {
  Cluster passthrough;
  passthrough.name = "PassthroughCluster";
  passthrough.kind = Cluster::Kind::kOriginalDestination;
  passthrough.load_balancer = LoadBalancer::kPassthrough;
  x_passthrough = add(std::move(passthrough));
  Cluster black_hole;
  black_hole.name = "BlackHoleCluster";
  black_hole.kind = Cluster::Kind::kBlackHole;
  x_black_hole = add(std::move(black_hole));
}

const Cluster* ClusterStore::add(Cluster cluster) {
  cluster.id = static_cast<std::uint32_t>(x_clusters.size());
  x_clusters.push_back(std::make_unique<const Cluster>(std::move(cluster)));
  return x_clusters.back().get();
}

const Cluster* ClusterStore::make(const KnownService& service, const KnownPort& port,
                                  const MergedRule* rule, const config::Subset* subset, Pick pick) {
  if (!service.service->headless) pick = Pick::kBalance;
  const Key key{&port, rule, subset, pick};
  if (const auto known = x_known.find(key); known != x_known.end()) return known->second;
  const EffectivePolicy policy = effective_policy(rule, subset, port.spec->port);
  Cluster out;
  out.service = service.fqdn;
  out.subset = subset == nullptr ? std::string() : subset->name;
  out.port = port.spec->port;
  out.name = outbound_cluster_name(out.port, out.subset, out.service);
  out.protocol = port.protocol;
  out.load_balancer = policy.load_balancer;
  out.connect_timeout = policy.connect_timeout;
  const bool keeps =
      pick == Pick::kKeepDestination || policy.load_balancer == LoadBalancer::kPassthrough;
  out.kind = keeps ? Cluster::Kind::kOriginalDestination : Cluster::Kind::kEndpoints;
  for (const Endpoint& endpoint : port.endpoints) {
    if (subset == nullptr || in_subset(endpoint, *subset)) out.endpoints.push_back(endpoint);
  }
  if (rule != nullptr) out.destination_rule = rule->name;
  return x_known[key] = add(std::move(out));
}

const Cluster* ClusterStore::whole(const std::string& client_namespace, const KnownService& service,
                                   const KnownPort& port, Pick pick) {
  const MergedRule* rule = x_rules.find(client_namespace, service.namespace_(), service.fqdn);
  const Cluster* out = make(service, port, rule, nullptr, pick);
  if (rule != nullptr) {
    for (const config::Subset* subset : rule->subsets) make(service, port, rule, subset, pick);
  }
  return out;
}

ClusterStore::Found ClusterStore::find(const std::string& client_namespace, std::string_view fqdn,
                                       std::uint16_t port, const std::string& subset, Pick pick) {
  Found out;
  out.service = x_services.find(fqdn);
  if (out.service == nullptr || !out.service->visible_to(client_namespace)) {
    out.missing = Missing::kService;
    return out;
  }
  const KnownPort* known = out.service->port(port);
  if (known == nullptr) {
    out.missing = Missing::kPort;
    return out;
  }
  out.rule = x_rules.find(client_namespace, out.service->namespace_(), fqdn);
  const config::Subset* wanted = nullptr;
  if (!subset.empty()) {
    if (out.rule != nullptr) wanted = out.rule->subset(subset);
    if (wanted == nullptr) {
      out.missing = Missing::kSubset;
      return out;
    }
  }
  out.cluster = make(*out.service, *known, out.rule, wanted, pick);
  return out;
}

}  // namespace sm::plan
