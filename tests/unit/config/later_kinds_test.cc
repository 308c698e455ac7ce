// SPDX-License-Identifier: Apache-2.0
// Kinds that are judged and not applied.
#include <doctest/doctest.h>

#include <algorithm>

#include "judge.h"

namespace sm::config {
namespace {

struct Row {
  const char* kind;
  const char* spec;
  const char* path;
};

TEST_CASE("config: kinds that are not applied yet are valid, and told so") {
  const std::pair<const char*, const char*> rows[] = {
      {"ServiceEntry",
       "  hosts: [\"*.example.com\"]\n  location: MESH_EXTERNAL\n  ports: [{number: "
       "443, name: tls, protocol: TLS}]\n  exportTo: [\"~\"]\n"},
      {"ServiceEntry",
       "  hosts: [a.example]\n  addresses: [10.0.0.0/8]\n  resolution: STATIC\n  "
       "ports: [{number: 80, name: http, protocol: HTTP}]\n  endpoints: [{address: "
       "10.1.1.1, ports: {http: 8080}}]\n"},
      {"WorkloadEntry", "  address: unix:///run/a.sock\n"},
      {"WorkloadEntry", "  network: n1\n"},
      {"Sidecar",
       "  workloadSelector: {labels: {app: a}}\n  ingress: [{port: {number: 80, "
       "protocol: HTTP, name: a}, defaultEndpoint: \"127.0.0.1:8080\"}]\n  egress: "
       "[{port: {number: 0, protocol: HTTP}, bind: \"unix:///a\", hosts: [\"*/*\"]}, "
       "{hosts: [\"~/*\", \"./a.b\"]}]\n"},
      {"Telemetry", "  accessLogging: [{filter: {expression: \"response.code >= 400\"}}]\n"},
      {"EnvoyFilter",
       "  configPatches: [{applyTo: HTTP_FILTER, match: {listener: {filterChain: "
       "{filter: {name: envoy.http_connection_manager, subFilter: {name: r}}}}}, "
       "patch: {operation: INSERT_BEFORE, value: {name: x}}}]\n"},
  };
  for (const auto& row : rows) {
    const auto& kind = row.first;
    const auto& spec = row.second;
    CAPTURE(kind);
    CAPTURE(spec);
    const auto snapshot = judge(istio(kind, spec));
    CHECK_MESSAGE(!has_error(snapshot->findings), all_findings(*snapshot));
    CHECK(state(*snapshot) == DocumentState::kWarned);
    const bool told = std::any_of(snapshot->findings.begin(), snapshot->findings.end(),
                                  [](const Finding& f) { return f.code == code::kUnsupported; });
    CHECK(told);
  }
}

TEST_CASE("config: ServiceEntries and WorkloadEntries that Istio would refuse") {
  const Row rows[] = {
      {"ServiceEntry", "  ports: []\n", "spec.hosts"},
      {"ServiceEntry", "  hosts: [\"*\"]\n", "spec.hosts"},
      {"ServiceEntry", "  hosts: [a]\n  addresses: [1.2.3]\n", "spec.addresses"},
      {"ServiceEntry", "  hosts: [a]\n  addresses: [10.0.0.0/8]\n  resolution: DNS\n", "addresses"},
      {"ServiceEntry", "  hosts: [a]\n  ports: [{number: 80, name: a}, {number: 80, name: b}]\n",
       "ports[1].number"},
      {"ServiceEntry", "  hosts: [a]\n  ports: [{number: 80, name: a}, {number: 81, name: a}]\n",
       "ports[1].name"},
      {"ServiceEntry", "  hosts: [a]\n  ports: [{number: 80, name: a, protocol: SMTP}]\n",
       "protocol"},
      {"ServiceEntry", "  hosts: [a]\n  ports: [{name: a}]\n", "ports[0].number"},
      {"ServiceEntry", "  hosts: [a]\n  endpoints: [{address: 1.1.1.1}]\n", "spec.endpoints"},
      {"ServiceEntry", "  hosts: [a]\n  resolution: STATIC\n  endpoints: [{address: a.b}]\n",
       "endpoints[0].address"},
      {"ServiceEntry",
       "  hosts: [a]\n  resolution: STATIC\n  endpoints: [{address: 1.1.1.1, ports: {x: 1}}]\n",
       "endpoints[0].ports"},
      {"ServiceEntry", "  hosts: [\"*.a\"]\n  resolution: DNS\n", "spec.hosts"},
      {"ServiceEntry",
       "  hosts: [a]\n  resolution: DNS_ROUND_ROBIN\n  endpoints: [{address: a}, {address: b}]\n",
       "spec.endpoints"},
      {"ServiceEntry", "  hosts: [a]\n  resolution: DYNAMIC_DNS\n", "spec.hosts"},
      {"ServiceEntry",
       "  hosts: [a, b]\n  resolution: DNS\n  ports: [{number: 80, name: a, protocol: TCP}]\n",
       "ports[0].protocol"},
      {"ServiceEntry",
       "  hosts: [a]\n  workloadSelector: {labels: {a: b}}\n  endpoints: [{address: 1.1.1.1}]\n",
       "spec"},
      {"WorkloadEntry", "  {}\n", "spec.address"},
      {"WorkloadEntry", "  address: \"unix://a\"\n", "spec.address"},
      {"WorkloadEntry", "  address: \"unix:///a\"\n  ports: {a: 1}\n", "spec.ports"},
      {"WorkloadEntry", "  address: a.b\n  ports: {a: 70000}\n", "spec.ports"},
      {"WorkloadEntry", "  address: \"a b\"\n", "spec.address"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const auto snapshot = judge(istio(row.kind, row.spec));
    const Finding* finding = find(*snapshot, row.path);
    REQUIRE_MESSAGE(finding != nullptr, all_findings(*snapshot));
    CHECK(is_invalid(snapshot->findings));
    CHECK_FALSE(finding->remedy.empty());
  }
  const auto bare =
      judge("apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x}\n");
  CHECK(find(*bare, "spec") != nullptr);
}

TEST_CASE("config: Sidecars that Istio would refuse") {
  const Row rows[] = {
      {"Sidecar", "  {}\n", "spec"},
      {"Sidecar", "  workloadSelector: {labels: {a: \"*\"}}\n  egress: [{hosts: [\"./*\"]}]\n",
       "labels"},
      {"Sidecar", "  egress: [{hosts: [a]}]\n", "egress[0].hosts"},
      {"Sidecar", "  egress: [{hosts: []}]\n", "egress[0].hosts"},
      {"Sidecar", "  egress: [{hosts: [\"./*\"]}, {port: {number: 80}, hosts: [\"./*\"]}]\n",
       "egress[0].port"},
      {"Sidecar", "  egress: [{port: {number: 0}, hosts: [\"./*\"]}]\n", "number"},
      {"Sidecar",
       "  egress: [{port: {number: 0}, bind: \"unix:///a\", captureMode: IPTABLES, hosts: "
       "[\"./*\"]}]\n",
       "captureMode"},
      {"Sidecar", "  egress: [{port: {number: 80}, bind: a, hosts: [\"./*\"]}]\n", "bind"},
      {"Sidecar", "  ingress: [{port: {number: 80}}, {port: {number: 80}}]\n", "port.number"},
      {"Sidecar", "  ingress: [{port: {number: 80}, defaultEndpoint: \"1.1.1.1:80\"}]\n",
       "defaultEndpoint"},
      {"Sidecar",
       "  ingress: [{port: {number: 80, protocol: HTTP}, tls: {mode: SIMPLE, "
       "serverCertificate: a, privateKey: b}}]\n",
       "tls"},
      {"Sidecar", "  outboundTrafficPolicy: {egressProxy: {host: a.b, port: {number: 1}}}\n",
       "egressProxy"},
      {"Sidecar",
       "  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: \"*.b\", port: {number: "
       "1}}}\n",
       "egressProxy.host"},
      {"Sidecar", "  inboundConnectionPool: {}\n", "inboundConnectionPool"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const auto snapshot = judge(istio(row.kind, row.spec));
    CHECK_MESSAGE(find(*snapshot, row.path) != nullptr, all_findings(*snapshot));
    CHECK(is_invalid(snapshot->findings));
  }
}

TEST_CASE("config: Telemetries and EnvoyFilters that Istio would refuse") {
  const Row rows[] = {
      {"Telemetry", "  accessLogging: [{providers: [{}]}]\n", "providers[0].name"},
      {"Telemetry", "  accessLogging: [{filter: {expression: \"a ==\"}}]\n", "expression"},
      {"Telemetry", "  tracing: [{randomSamplingPercentage: 101}]\n", "randomSamplingPercentage"},
      {"Telemetry", "  tracing: [{customTags: {a: {literal: {value: \"\"}}}}]\n", "literal.value"},
      {"Telemetry",
       "  metrics: [{overrides: [{tagOverrides: {a: {operation: REMOVE, value: x}}}]}]\n", "value"},
      {"Telemetry", "  metrics: [{overrides: [{tagOverrides: {a: {}}}]}]\n", "value"},
      {"EnvoyFilter", "  configPatches: [{}]\n", "applyTo"},
      {"EnvoyFilter", "  configPatches: [{applyTo: CLUSTER}]\n", "patch"},
      {"EnvoyFilter", "  configPatches: [{applyTo: CLUSTER, patch: {value: {}}}]\n", "operation"},
      {"EnvoyFilter", "  configPatches: [{applyTo: CLUSTER, patch: {operation: ADD}}]\n", "value"},
      {"EnvoyFilter",
       "  configPatches: [{applyTo: CLUSTER, match: {listener: {}}, patch: {operation: REMOVE}}]\n",
       "match"},
      {"EnvoyFilter",
       "  configPatches: [{applyTo: LISTENER, match: {listener: {filterChain: {filter: {}}}}, "
       "patch: "
       "{operation: REMOVE}}]\n",
       "filter.name"},
      {"EnvoyFilter",
       "  configPatches: [{applyTo: CLUSTER, match: {proxy: {proxyVersion: \"(\"}}, patch: "
       "{operation: REMOVE}}]\n",
       "proxyVersion"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const auto snapshot = judge(istio(row.kind, row.spec));
    CHECK_MESSAGE(find(*snapshot, row.path) != nullptr, all_findings(*snapshot));
    CHECK(is_invalid(snapshot->findings));
  }
}

TEST_CASE("config: routes that no request reaches are said with Istio's codes") {
  const auto codes = [](const std::string& http) {
    std::string out;
    const auto snapshot = judge(istio("VirtualService", "  hosts: [a]\n  http:\n" + http));
    for (const Finding& finding : snapshot->findings) out += finding.code + " ";
    return out;
  };
  const std::string to = "route: [{destination: {host: a}}]}\n";
  CHECK(codes("  - {match: [{uri: {prefix: /a}}], " + to + "  - {" + to).empty());
  CHECK(codes("  - {" + to + "  - {" + to) == "IST0130 ");
  CHECK(codes("  - {" + to + "  - {match: [{uri: {prefix: /a}}], " + to) == "IST0130 ");
  // Names and the order of keys make no difference.
  CHECK(codes("  - {match: [{name: x, uri: {exact: /a}, port: 1}], " + to +
              "  - {match: [{port: 1, uri: {exact: /a}}], " + to) == "IST0131 IST0130 ");
  CHECK(codes("  - {match: [{uri: {prefix: /a}}], " + to + "  - {match: [{uri: {prefix: /a/b}}], " +
              to) == "IST0131 ");
  CHECK(codes("  - {match: [{uri: {prefix: /a}, method: {exact: PUT}}], " + to +
              "  - {match: [{uri: {prefix: /a/b}}], " + to)
            .empty());
}

TEST_CASE(
    "config: annotations that are Istio's own, or a dry run where there is none, are refused") {
  const auto with = [](const char* kind, const char* annotation, const char* spec) {
    const std::string group =
        std::string(kind) == "AuthorizationPolicy" ? "security" : "networking";
    return judge("apiVersion: " + group + ".istio.io/v1\nkind: " + kind +
                 "\nmetadata: {name: x, annotations: {" + annotation + "}}\nspec: " + spec + "\n");
  };
  constexpr const char* kHost = "{host: a}";
  CHECK(is_invalid(with("DestinationRule", "istio.io/dry-run: \"true\"", kHost)->findings));
  CHECK(is_invalid(with("DestinationRule", "internal.istio.io/parents: x", kHost)->findings));
  CHECK_FALSE(is_invalid(with("DestinationRule", "a: b", kHost)->findings));
  CHECK(is_invalid(with("AuthorizationPolicy", "istio.io/dry-run: maybe", "{}")->findings));
  CHECK(is_invalid(
      with("AuthorizationPolicy", "istio.io/dry-run: \"true\"", "{action: AUDIT}")->findings));
  CHECK_FALSE(is_invalid(with("AuthorizationPolicy", "istio.io/dry-run: \"1\"", "{}")->findings));
}

}  // namespace
}  // namespace sm::config
