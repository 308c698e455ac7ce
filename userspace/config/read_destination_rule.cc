// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "base/ip.h"
#include "config/read.h"
#include "config/scalars.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

void not_negative(const View& view, std::string_view field, std::int64_t most, Reporter& report) {
  const auto value = view.integer(field);
  if (!value || (*value >= 0 && *value <= most)) return;
  report.invalid(view.path(field), view.mark(field), fmt::format("{} is out of range", *value),
                 most == 100 ? "write a number from 0 to 100" : "write a number of 0 or more");
}

void read_load_balancer(const View& view, TrafficPolicy& policy, Reporter& report) {
  policy.has_load_balancer = true;
  const std::string simple = view.text("simple");
  if (simple == "ROUND_ROBIN") policy.load_balancer = LoadBalancer::kRoundRobin;
  if (simple == "RANDOM") policy.load_balancer = LoadBalancer::kRandom;
  if (simple == "PASSTHROUGH") policy.load_balancer = LoadBalancer::kPassthrough;
  // LEAST_CONN is the old name of LEAST_REQUEST (istio-behaviour.md 1.2).
  if (simple == "LEAST_REQUEST" || simple == "LEAST_CONN")
    policy.load_balancer = LoadBalancer::kLeastRequest;
  if (view.has("simple") && view.has("consistentHash")) {
    report.invalid(view.path(), view.mark(), "simple and consistentHash exclude each other",
                   "keep one of them");
  }
  if (const auto hash = view.child("consistentHash")) {
    int keys = 0;
    for (const std::string_view key :
         {"httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"}) {
      keys += hash->has(key) ? 1 : 0;
    }
    if (keys > 1)
      report.invalid(hash->path(), hash->mark(), "consistentHash takes one key",
                     "keep one of them");
  }
}

void read_connection_pool(const View& view, TrafficPolicy& policy, Reporter& report) {
  policy.has_connection_pool = true;
  if (!view.has("tcp") && !view.has("http")) {
    report.invalid(view.path(), view.mark(), "connectionPool needs tcp or http", "");
  }
  if (const auto tcp = view.child("tcp")) {
    not_negative(*tcp, "maxConnections", INT32_MAX, report);
    if (tcp->has("connectTimeout")) {
      if (const auto timeout = parse_duration(tcp->text("connectTimeout"))) {
        policy.connect_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
      }
    }
  }
  if (const auto http = view.child("http")) {
    for (const std::string_view field :
         {"http1MaxPendingRequests", "http2MaxRequests", "maxRequestsPerConnection", "maxRetries",
          "maxConcurrentStreams"}) {
      not_negative(*http, field, INT32_MAX, report);
    }
  }
}

void read_tls(const View& view, TrafficPolicy& policy, Reporter& report) {
  policy.has_tls = true;
  const std::string mode = view.text("mode");
  if (mode.empty() || mode == "DISABLE") {
    policy.tls = TlsMode::kDisable;
    return;
  }
  policy.tls = mode == "SIMPLE"   ? TlsMode::kSimple
               : mode == "MUTUAL" ? TlsMode::kMutual
                                  : TlsMode::kIstioMutual;
  if (policy.tls == TlsMode::kMutual && !view.has("credentialName") &&
      (!view.has("clientCertificate") || !view.has("privateKey"))) {
    report.invalid(view.path(), view.mark(), "MUTUAL needs clientCertificate and privateKey", "");
  }
  // Plaintext in its place would be a silent weakening.
  report.unsupported(view.path("mode"), view.mark("mode"),
                     fmt::format("TLS mode {} is not supported by this version", mode),
                     "connections cannot be encrypted yet; write DISABLE or leave tls out");
}

TrafficPolicy read_policy(const View& view, Reporter& report) {
  TrafficPolicy policy;
  policy.mark = view.mark();
  if (const auto balancer = view.child("loadBalancer"))
    read_load_balancer(*balancer, policy, report);
  if (const auto pool = view.child("connectionPool")) read_connection_pool(*pool, policy, report);
  if (const auto tls = view.child("tls")) read_tls(*tls, policy, report);
  if (const auto outlier = view.child("outlierDetection")) {
    policy.has_outlier_detection = true;
    not_negative(*outlier, "maxEjectionPercent", 100, report);
    not_negative(*outlier, "minHealthPercent", 100, report);
  }
  return policy;
}

TrafficPolicy read_traffic_policy(const View& view, Reporter& report) {
  TrafficPolicy policy = read_policy(view, report);
  if (view.node().members.empty()) {
    report.invalid(view.path(), view.mark(), "trafficPolicy is empty", "leave it out");
  }
  for (const View& entry : view.list("portLevelSettings")) {
    const auto port = entry.child("port");
    if (!port || !port->has("number")) {
      report.invalid(entry.path("port"), entry.mark(), "portLevelSettings needs port.number",
                     "write the Service's port");
      continue;
    }
    const auto number = read_port(*port, "number", report);
    policy.ports.emplace_back(number.value_or(0), read_policy(entry, report));
  }
  return policy;
}

}  // namespace

Object read_destination_rule(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kDestinationRuleSchema, false, report);
  DestinationRule rule;
  rule.meta = read_metadata(document, report);
  rule.host = spec.text("host");
  if (rule.host.empty()) {
    report.invalid("spec.host", spec.mark("host"), "a DestinationRule needs a host",
                   "name the Service that it is for");
  } else if (!is_wildcard_domain(rule.host) && !IpAddress::parse(rule.host)) {
    report.invalid("spec.host", spec.mark("host"), fmt::format("\"{}\" is no host name", rule.host),
                   "name a Service");
  }
  if (const auto policy = spec.child("trafficPolicy"))
    rule.policy = read_traffic_policy(*policy, report);
  std::set<std::string> names;
  for (const View& view : spec.list("subsets")) {
    Subset subset;
    subset.mark = view.mark();
    subset.name = view.text("name");
    subset.labels = view.labels("labels");
    check_labels(view, "labels", report);
    if (!is_dns_label(subset.name)) {
      report.invalid(view.path("name"), view.mark("name"),
                     fmt::format("\"{}\" is no subset name", subset.name),
                     "use lower case letters, digits and dashes");
    } else if (!names.insert(subset.name).second) {
      report.invalid(view.path("name"), view.mark("name"),
                     fmt::format("the subset \"{}\" appears twice", subset.name),
                     "rename or remove one of them");
    }
    if (const auto policy = view.child("trafficPolicy"))
      subset.policy = read_traffic_policy(*policy, report);
    rule.subsets.push_back(std::move(subset));
  }
  rule.export_to = read_export_to(spec, report);
  if (const auto selector = spec.child("workloadSelector")) {
    rule.workload_selector = selector->labels("matchLabels");
    check_labels(*selector, "matchLabels", report);
  }
  return std::make_shared<const DestinationRule>(std::move(rule));
}

}  // namespace sm::config
