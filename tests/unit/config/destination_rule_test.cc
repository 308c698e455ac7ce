// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "judge.h"

namespace sm::config {
namespace {

TEST_CASE("config: a DestinationRule is read whole") {
  const auto snapshot = judge(istio("DestinationRule", R"(  host: reviews
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    connectionPool: {tcp: {connectTimeout: 250ms}}
    tls: {mode: DISABLE}
    portLevelSettings:
    - port: {number: 9080}
      loadBalancer: {simple: LEAST_CONN}
  subsets:
  - name: v1
    labels: {version: v1, name: reviews}
  - name: v2
    labels: {version: v2}
    trafficPolicy: {loadBalancer: {simple: RANDOM}}
  exportTo: ["."]
  workloadSelector: {matchLabels: {app: x}}
)"));
  REQUIRE_MESSAGE(snapshot->destination_rules.size() == 1, all_findings(*snapshot));
  CHECK_MESSAGE(snapshot->findings.empty(), all_findings(*snapshot));
  const DestinationRule& rule = *snapshot->destination_rules[0];
  CHECK(rule.host == "reviews");
  CHECK(rule.policy->load_balancer == LoadBalancer::kRoundRobin);
  CHECK(rule.policy->connect_timeout == std::chrono::milliseconds(250));
  CHECK(rule.policy->tls == TlsMode::kDisable);
  REQUIRE(rule.policy->ports.size() == 1);
  CHECK(rule.policy->ports[0].port == 9080);
  CHECK(rule.policy->ports[0].policy.load_balancer == LoadBalancer::kLeastRequest);
  CHECK_FALSE(rule.policy->ports[0].policy.has_tls);
  REQUIRE(rule.subsets.size() == 2);
  CHECK(rule.subsets[0].labels.at("version") == "v1");
  CHECK(rule.subsets[0].mark.line == 14);
  CHECK(rule.subsets[1].policy->load_balancer == LoadBalancer::kRandom);
  CHECK(rule.workload_selector.at("app") == "x");
}

TEST_CASE("config: what only tunes a DestinationRule is a warning, and the rest is in force") {
  const auto snapshot = judge(istio("DestinationRule", R"(  host: a
  trafficPolicy:
    loadBalancer: {consistentHash: {useSourceIp: true}, localityLbSetting: {enabled: true}}
    connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}
    outlierDetection: {consecutiveErrors: 1, interval: 1s, baseEjectionTime: 3m, maxEjectionPercent: 100}
)"));
  REQUIRE(snapshot->destination_rules.size() == 1);
  CHECK(state(*snapshot) == DocumentState::kWarned);
  CHECK(snapshot->destination_rules[0]->policy->has_outlier_detection);
  for (const char* path : {"consistentHash", "localityLbSetting", "maxConnections",
                           "http1MaxPendingRequests", "outlierDetection"}) {
    CAPTURE(path);
    CHECK(find(*snapshot, path, Severity::kWarning) != nullptr);
  }
  const Finding* old = find(*snapshot, "consecutiveErrors", Severity::kWarning);
  REQUIRE(old != nullptr);
  CHECK(old->code == code::kDeprecated);
}

TEST_CASE(
    "config: encryption that this version cannot do quarantines the rule, wherever it stands") {
  for (const char* mode :
       {"SIMPLE", "ISTIO_MUTUAL", "MUTUAL, clientCertificate: a, privateKey: b"}) {
    const std::string tls = std::string("tls: {mode: ") + mode + "}";
    for (const std::string& spec :
         {"  host: a\n  trafficPolicy: {" + tls + "}\n",
          "  host: a\n  subsets: [{name: v1, trafficPolicy: {" + tls + "}}]\n",
          "  host: a\n  trafficPolicy: {portLevelSettings: [{port: {number: 80}, " + tls +
              "}]}\n"}) {
      CAPTURE(spec);
      const auto snapshot = judge(istio("DestinationRule", spec));
      const Finding* finding = find(*snapshot, "tls.mode");
      REQUIRE_MESSAGE(finding != nullptr, all_findings(*snapshot));
      CHECK(finding->code == code::kUnsupported);
      CHECK_FALSE(is_invalid(snapshot->findings));
      CHECK(snapshot->destination_rules.empty());
    }
  }
}

TEST_CASE("config: a DestinationRule that Istio would refuse is quarantined") {
  const std::pair<const char*, const char*> rows[] = {
      {"  subsets: []\n", "spec.host"},
      {"  host: \"a b\"\n", "spec.host"},
      {"  host: a\n  trafficPolicy: {}\n", "spec.trafficPolicy"},
      {"  host: a\n  subsets: [{labels: {a: b}}]\n", "subsets[0].name"},
      {"  host: a\n  subsets: [{name: v1}, {name: v1}]\n", "subsets[1].name"},
      {"  host: a\n  subsets: [{name: v1, labels: {\"a b\": c}}]\n", "subsets[0].labels"},
      {"  host: a\n  subsets: [{name: v1, labels: {version: 1}}]\n", "labels.version"},
      {"  host: a\n  trafficPolicy: {connectionPool: {}}\n", "connectionPool"},
      {"  host: a\n  trafficPolicy: {connectionPool: {tcp: {maxConnections: -1}}}\n",
       "maxConnections"},
      {"  host: a\n  trafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}\n",
       "maxEjectionPercent"},
      {"  host: a\n  trafficPolicy: {loadBalancer: {simple: FASTEST}}\n", "simple"},
      {"  host: a\n  trafficPolicy: {loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: "
       "true}}}\n",
       "loadBalancer"},
      {"  host: a\n  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, "
       "httpHeaderName: x}}}\n",
       "consistentHash"},
      {"  host: a\n  trafficPolicy: {tls: {mode: MUTUAL}}\n", "tls.clientCertificate"},
      {"  host: a\n  trafficPolicy: {portLevelSettings: [{tls: {mode: DISABLE}}]}\n",
       "portLevelSettings[0].port"},
      {"  host: a\n  trafficPolicy: {portLevelSettings: [{port: {number: 80}}]}\n",
       "portLevelSettings[0]"},
      {"  host: a\n  exportTo: [\"*\"]\n  workloadSelector: {matchLabels: {app: x}}\n", "exportTo"},
      {"  host: a\n  trafficPolicy: {outlierDetection: {consecutiveLocalOriginFailures: 1}}\n",
       "consecutiveLocalOriginFailures"},
      {"  host: a\n  trafficPolicy: {connectionPool: {http: {http2KeepAlive: {interval: 1s}}}}\n",
       "http2KeepAlive.timeout"},
      {"  host: a\n  trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: UPGRADE, "
       "useClientProtocol: true}}}\n",
       "useClientProtocol"},
      {"  host: a\n  trafficPolicy: {tunnel: {targetHost: \"a b\", targetPort: 80}}\n",
       "targetHost"},
      {"  host: a\n  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, maglev: "
       "{tableSize: 4}}}}\n",
       "tableSize"},
      {"  host: a\n  trafficPolicy: {loadBalancer: {warmup: {minimumPercent: 5}}}\n",
       "warmup.duration"},
      {"  host: a\n  trafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: a, to: "
       "a}]}}}\n",
       "failover[0].to"},
      {"  host: a\n  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: a/*, "
       "to: {b: 50, c: 40}}]}}}\n",
       "distribute[0].to"},
      {"  host: a\n  trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: a/*, "
       "to: {b: 100}}, {from: a/z, to: {b: 100}}]}}}\n",
       "localityLbSetting.distribute"},
  };
  for (const auto& row : rows) {
    const auto& spec = row.first;
    const auto& path = row.second;
    CAPTURE(spec);
    const auto snapshot = judge(istio("DestinationRule", spec));
    CHECK_MESSAGE(find(*snapshot, path) != nullptr, all_findings(*snapshot));
    CHECK(is_invalid(snapshot->findings));
    CHECK(snapshot->destination_rules.empty());
  }
}

}  // namespace
}  // namespace sm::config
