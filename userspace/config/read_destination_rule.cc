// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "config/read.h"
#include "config/scalars.h"
#include "config/schemas.h"
#include "config/validate.h"

namespace sm::config {
namespace {

void read_load_balancer(const View& view, TrafficPolicy& policy) {
  policy.has_load_balancer = true;
  const std::string simple = view.text("simple");
  if (simple == "ROUND_ROBIN") policy.load_balancer = LoadBalancer::kRoundRobin;
  if (simple == "RANDOM") policy.load_balancer = LoadBalancer::kRandom;
  if (simple == "PASSTHROUGH") policy.load_balancer = LoadBalancer::kPassthrough;
  // LEAST_CONN is the old name of LEAST_REQUEST (istio-behaviour.md 1.2).
  if (simple == "LEAST_REQUEST" || simple == "LEAST_CONN")
    policy.load_balancer = LoadBalancer::kLeastRequest;
}

void read_connection_pool(const View& view, TrafficPolicy& policy) {
  policy.has_connection_pool = true;
  const auto tcp = view.child("tcp");
  const auto timeout = tcp ? parse_duration(tcp->text("connectTimeout")) : std::nullopt;
  if (timeout) {
    policy.connect_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  }
}

void read_tls(const View& view, TrafficPolicy& policy, Reporter& report) {
  policy.has_tls = true;
  policy.tls_mark = view.mark();
  policy.has_ca_certificates = !view.text("caCertificates").empty();
  policy.has_credential = !view.text("credentialName").empty();
  const std::string mode = view.text("mode");
  if (mode.empty() || mode == "DISABLE") {
    policy.tls = TlsMode::kDisable;
    return;
  }
  policy.tls = mode == "SIMPLE"   ? TlsMode::kSimple
               : mode == "MUTUAL" ? TlsMode::kMutual
                                  : TlsMode::kIstioMutual;
  // Plaintext in its place would be a silent weakening.
  report.unsupported(view.path("mode"), view.mark("mode"),
                     fmt::format("TLS mode {} is not supported by this version", mode),
                     "connections cannot be encrypted yet; write DISABLE or leave tls out");
}

TrafficPolicy read_policy(const View& view, Reporter& report) {
  TrafficPolicy policy;
  policy.mark = view.mark();
  if (const auto balancer = view.child("loadBalancer")) read_load_balancer(*balancer, policy);
  if (const auto pool = view.child("connectionPool")) read_connection_pool(*pool, policy);
  if (const auto tls = view.child("tls")) read_tls(*tls, policy, report);
  policy.has_outlier_detection = view.has("outlierDetection");
  return policy;
}

TrafficPolicy read_traffic_policy(const View& view, Reporter& report) {
  TrafficPolicy policy = read_policy(view, report);
  for (const View& entry : view.list("portLevelSettings")) {
    const auto port = entry.child("port");
    const auto number = port ? read_port(*port, "number") : std::nullopt;
    policy.ports.emplace_back(number.value_or(0), read_policy(entry, report));
  }
  return policy;
}

}  // namespace

Object read_destination_rule(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kDestinationRuleSchema, false, report);
  validate_destination_rule(spec, report);
  DestinationRule rule;
  rule.meta = read_metadata(document, report);
  rule.host = spec.text("host");
  rule.host_mark = spec.mark("host");
  if (const auto policy = spec.child("trafficPolicy"))
    rule.policy = read_traffic_policy(*policy, report);
  for (const View& view : spec.list("subsets")) {
    Subset subset;
    subset.mark = view.mark();
    subset.name = view.text("name");
    subset.labels = view.labels("labels");
    if (const auto policy = view.child("trafficPolicy"))
      subset.policy = read_traffic_policy(*policy, report);
    rule.subsets.push_back(std::move(subset));
  }
  rule.export_to = spec.texts("exportTo");
  if (const auto selector = spec.child("workloadSelector")) {
    rule.has_workload_selector = true;
    rule.workload_selector = selector->labels("matchLabels");
  }
  return std::make_shared<const DestinationRule>(std::move(rule));
}

}  // namespace sm::config
