// SPDX-License-Identifier: Apache-2.0
// What a DestinationRule has to keep to; load balancing is in validate_load_balancer.cc.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/ip.h"
#include "config/istio_names.h"
#include "config/judge.h"
#include "config/scalars.h"
#include "config/validate.h"

namespace sm::config {
namespace {

constexpr std::string_view kConfigMap = "configmap://";

void not_negative(const View& view, std::string_view field, std::int64_t most, Reporter& report) {
  const auto value = view.integer(field);
  if (!value || (*value >= 0 && *value <= most)) return;
  Judge(view, report)
      .refuse(field, fmt::format("{} is out of range", *value),
              most == 100 ? "write a number from 0 to 100" : "write a number of 0 or more");
}

void validate_outlier(const View& outlier, Reporter& report) {
  const Judge judge(outlier, report);
  if (!outlier.flag("splitExternalLocalOriginErrors") &&
      outlier.integer("consecutiveLocalOriginFailures").value_or(0) > 0) {
    judge.refuse("consecutiveLocalOriginFailures",
                 "local origin failures are counted only when they are split from others",
                 "write splitExternalLocalOriginErrors: true");
  }
  not_negative(outlier, "maxEjectionPercent", 100, report);
  not_negative(outlier, "minHealthPercent", 100, report);
  const Node* codes = outlier.raw("outlierDetectionHttpErrorCodes");
  if (codes == nullptr) return;
  for (const Node& code : codes->items) {
    if (code.kind == Node::Kind::kInt && code.text.size() == 3 && code.text[0] >= '1' &&
        code.text[0] <= '5') {
      continue;
    }
    judge.refuse("outlierDetectionHttpErrorCodes", code.mark,
                 fmt::format("{} is no status", code.text), "write statuses from 100 to 599");
  }
}

// "configmap://name" or "configmap://namespace/name", of the rule's own namespace.
bool is_own_config_map(std::string_view name, std::string_view own) {
  name.remove_prefix(kConfigMap.size());
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return !name.empty() && !own.empty();
  const std::string_view rest = name.substr(slash + 1);
  return name.substr(0, slash) == own && !rest.empty() && rest.find('/') == std::string_view::npos;
}

void validate_client_tls(const View& tls, Reporter& report) {
  const Judge judge(tls, report);
  const std::string mode = tls.text("mode");
  const std::string credential = tls.text("credentialName");
  const bool mutual = mode == "MUTUAL";
  const bool simple = mode == "SIMPLE";
  const bool names = tls.size("subjectAltNames") > 0;
  if (credential.starts_with(kConfigMap) &&
      !is_own_config_map(credential, report.object().namespace_)) {
    judge.refuse("credentialName", "a ConfigMap of credentials has to be in the rule's namespace",
                 "write configmap://name");
  }
  if (tls.flag("insecureSkipVerify") &&
      ((simple && (!tls.text("caCertificates").empty() || !credential.empty() || names)) ||
       (mutual && (!tls.text("caCertificates").empty() || names)))) {
    judge.refuse("insecureSkipVerify", "what is not verified needs nothing to verify it by",
                 "leave caCertificates, credentialName and subjectAltNames out");
  }
  if ((simple || mutual) && !credential.empty()) {
    for (const std::string_view field :
         {"clientCertificate", "caCertificates", "privateKey", "caCrl"}) {
      if (tls.text(field).empty()) continue;
      judge.refuse(field, fmt::format("{} and credentialName exclude each other", field),
                   "keep one of them");
    }
    return;
  }
  for (const std::string_view field : {"clientCertificate", "privateKey"}) {
    if (!mutual || !tls.text(field).empty()) continue;
    judge.refuse(field, fmt::format("MUTUAL needs {}", field),
                 fmt::format("write {}, or credentialName", field));
  }
}

void validate_tunnel(const View& tunnel, Reporter& report) {
  const Judge judge(tunnel, report);
  const std::string protocol = tunnel.text("protocol");
  if (!protocol.empty() && protocol != "CONNECT" && protocol != "POST") {
    judge.refuse("protocol", fmt::format("\"{}\" is no protocol of a tunnel", protocol),
                 "write CONNECT or POST");
  }
  const std::string host = tunnel.text("targetHost");
  if (!is_fqdn(host) && !IpAddress::parse(host)) {
    judge.refuse("targetHost", fmt::format("\"{}\" is no host", host),
                 "write a host name or an address");
  }
  validate_port(tunnel, "targetPort", false, report);
}

// The blocks that a policy and a port's part of it have in common.
void validate_blocks(const View& policy, Reporter& report) {
  const auto outlier = policy.child("outlierDetection");
  if (outlier) validate_outlier(*outlier, report);
  if (const auto pool = policy.child("connectionPool")) validate_connection_pool(*pool, report);
  if (const auto balancer = policy.child("loadBalancer")) {
    validate_load_balancer(*balancer, outlier.has_value(), report);
  }
  if (const auto tls = policy.child("tls")) validate_client_tls(*tls, report);
}

bool has_any(const View& view, std::initializer_list<std::string_view> fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [&view](std::string_view field) { return view.has(field); });
}

}  // namespace

void validate_connection_pool(const View& pool, Reporter& report) {
  if (!pool.has("tcp") && !pool.has("http")) {
    Judge(pool, report)
        .refuse_all("connectionPool needs tcp or http", "write one, or leave it out");
  }
  if (const auto tcp = pool.child("tcp")) {
    not_negative(*tcp, "maxConnections", INT32_MAX, report);
    const auto idle = parse_duration(tcp->text("idleTimeout"));
    // "0s" switches it off, and what is less than a millisecond counts as that.
    constexpr std::chrono::milliseconds kUnit{1};
    if (idle && *idle >= kUnit && *idle % kUnit != std::chrono::nanoseconds{0}) {
      Judge(*tcp, report)
          .refuse("idleTimeout", "a time-out has whole milliseconds", "write 1ms or more");
    }
  }
  const auto http = pool.child("http");
  if (!http) return;
  for (const std::string_view field :
       {"http1MaxPendingRequests", "http2MaxRequests", "maxRequestsPerConnection", "maxRetries",
        "maxConcurrentStreams"}) {
    not_negative(*http, field, INT32_MAX, report);
  }
  if (http->text("h2UpgradePolicy") == "UPGRADE" && http->flag("useClientProtocol")) {
    Judge(*http, report)
        .refuse("useClientProtocol",
                "useClientProtocol and h2UpgradePolicy UPGRADE exclude each other",
                "keep one of them");
  }
  const auto keepalive = http->child("http2KeepAlive");
  for (const std::string_view field : {"interval", "timeout"}) {
    if (!keepalive || keepalive->has(field)) continue;
    Judge(*keepalive, report)
        .refuse(field, fmt::format("http2KeepAlive needs {}", field), "write a duration");
  }
}

void validate_traffic_policy(const View& policy, Reporter& report) {
  const Judge judge(policy, report);
  if (!has_any(policy, {"outlierDetection", "connectionPool", "loadBalancer", "tls",
                        "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget"})) {
    judge.refuse_all("trafficPolicy is empty", "leave it out");
    return;
  }
  if (policy.has("tunnel") && policy.has("proxyProtocol")) {
    judge.refuse("proxyProtocol", "tunnel and proxyProtocol exclude each other",
                 "keep one of them");
  }
  validate_blocks(policy, report);
  if (const auto tunnel = policy.child("tunnel")) validate_tunnel(*tunnel, report);
  for (const View& entry : policy.list("portLevelSettings")) {
    const Judge port(entry, report);
    if (!entry.has("port")) {
      port.refuse("port", "portLevelSettings needs port.number", "write the Service's port");
    }
    if (!has_any(entry, {"outlierDetection", "connectionPool", "loadBalancer", "tls"})) {
      port.refuse_all("the policy of a port is empty", "leave it out");
    } else {
      validate_blocks(entry, report);
    }
  }
  const auto budget = policy.child("retryBudget");
  const double percent = budget ? budget->number("percent").value_or(0.0) : 0.0;
  if (percent < 0.0 || percent > 100.0) {
    Judge(*budget, report)
        .refuse("percent", fmt::format("{} is no percentage", percent),
                "write a number from 0 to 100");
  }
}

void validate_destination_rule(const View& spec, Reporter& report) {
  const Judge judge(spec, report);
  const std::string host = spec.text("host");
  if (spec.has("host") && !is_wildcard_domain(host)) {
    judge.refuse("host", fmt::format("\"{}\" is no host name", host), "name a Service");
  }
  if (const auto policy = spec.child("trafficPolicy")) validate_traffic_policy(*policy, report);
  std::set<std::string> names;
  for (const View& subset : spec.list("subsets")) {
    const Judge one(subset, report);
    const std::string name = subset.text("name");
    if (subset.has("name") && !is_istio_label(name)) {
      one.refuse("name", fmt::format("\"{}\" is no subset name", name),
                 "use letters, digits and dashes");
    } else if (!names.insert(name).second) {
      one.refuse("name", fmt::format("the subset \"{}\" appears twice", name),
                 "rename or remove one of them");
    }
    validate_labels(subset, "labels", report);
    if (const auto policy = subset.child("trafficPolicy")) validate_traffic_policy(*policy, report);
  }
  const auto selector = spec.child("workloadSelector");
  validate_export_to(spec, selector ? Exporter::kSelectingRule : Exporter::kAny, report);
  if (selector) validate_selector(*selector, "matchLabels", report);
}

}  // namespace sm::config
