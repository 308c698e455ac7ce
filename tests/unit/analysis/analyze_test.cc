// SPDX-License-Identifier: Apache-2.0
#include "analysis/analyze.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "config/loader.h"

namespace sm::analysis {
namespace {

std::string object(const std::string& group, const std::string& kind, const std::string& name,
                   const std::string& spec, const std::string& more = "") {
  return "---\napiVersion: " + group + "\nkind: " + kind + "\nmetadata: {name: " + name +
         ", namespace: ns" + more + "}\nspec: " + spec + "\n";
}
std::string networking(const std::string& kind, const std::string& name, const std::string& spec) {
  return object("networking.istio.io/v1", kind, name, spec);
}
std::string pod(const std::string& name, const std::string& labels) {
  return object("v1", "Pod", name, "{containers: []}", ", labels: {" + labels + "}");
}
std::string service(const std::string& name, const std::string& ports) {
  return object("v1", "Service", name, "{selector: {app: " + name + "}, ports: [" + ports + "]}");
}
const std::string kPort = "{port: 80, name: http}";

std::vector<std::string> codes(const std::string& text, Assumptions assumptions = {}) {
  const auto snapshot = config::load_text("t.yaml", text);
  std::vector<std::string> out;
  for (const config::Finding& finding : analyze(*snapshot, assumptions)) {
    out.push_back(finding.code + " " + finding.object.name);
    CHECK_MESSAGE(finding.mark.line > 0, finding.describe());
    CHECK_MESSAGE(!finding.remedy.empty(), finding.describe());
  }
  std::sort(out.begin(), out.end());
  return out;
}

using Codes = std::vector<std::string>;

TEST_CASE("analysis: destinations, subsets and ports of a VirtualService have to be there") {
  const std::string world =
      service("a", kPort) + service("two", kPort + ", {port: 81, name: http-b}");
  const auto to = [&](const std::string& destination) {
    return codes(world + networking("VirtualService", "v",
                                    "{hosts: [x.example], http: [{route: [{destination: " +
                                        destination + "}]}]}"));
  };
  CHECK(to("{host: a}").empty());
  CHECK(to("{host: a.ns.svc.cluster.local, port: {number: 80}}").empty());
  CHECK(to("{host: b}") == Codes{"IST0101 v"});
  CHECK(to("{host: a, port: {number: 99}}") == Codes{"IST0101 v"});
  CHECK(to("{host: a, subset: v1}") == Codes{"IST0101 v"});
  CHECK(to("{host: two}") == Codes{"IST0112 v"});
  // Documents that are set aside for what this version cannot do are looked at too.
  CHECK(codes(world + networking("VirtualService", "v",
                                 "{hosts: [x], tcp: [{route: [{destination: {host: b}}]}]}")) ==
        Codes{"IST0101 v"});
  // Whoever dials the Service itself has said the port.
  CHECK(codes(world + networking("VirtualService", "v",
                                 "{hosts: [two], http: [{route: [{destination: {host: two}}]}]}"))
            .empty());
  CHECK(codes(networking("ServiceEntry", "e", "{hosts: [\"*.b.c\"], exportTo: [\".\"]}") +
              networking("VirtualService", "v",
                         "{hosts: [x], http: [{route: [{destination: {host: a.b.c}}]}]}"))
            .empty());
}

TEST_CASE("analysis: a VirtualService is served by a Gateway that has its hosts") {
  const auto at = [](const std::string& hosts, const std::string& gateway) {
    return codes(service("a", kPort) + pod("g", "istio: ingressgateway") +
                     networking("Gateway", "gw",
                                "{selector: {istio: ingressgateway}, servers: [{port: {number: 80, "
                                "name: http, protocol: HTTP}, hosts: [" +
                                    hosts + "]}]}") +
                     networking("VirtualService", "v",
                                "{hosts: [x.example], gateways: [" + gateway +
                                    "], http: [{route: [{destination: {host: "
                                    "a}}]}]}"),
                 {});
  };
  CHECK(at("\"*.example\"", "gw") == Codes{"IST0162 gw"});
  CHECK(at("y.example", "gw") == Codes{"IST0132 v", "IST0162 gw"});
  CHECK(at("other/x.example", "gw") == Codes{"IST0132 v", "IST0162 gw"});
  CHECK(at("\"*\"", "nowhere") == Codes{"IST0101 v", "IST0132 v", "IST0162 gw"});
  CHECK(at("\"*\"", "a~gateway~b") == Codes{"IST0162 gw", "IST0165 v"});
}

TEST_CASE("analysis: two VirtualServices for one host of the mesh are both told") {
  const auto one = [](const std::string& name, const std::string& more) {
    return networking("VirtualService", name,
                      "{hosts: [a], http: [{route: [{destination: {host: a}}]}]" + more + "}");
  };
  CHECK(codes(service("a", kPort) + one("x", "") + one("y", "")) ==
        Codes{"IST0109 x", "IST0109 y"});
  CHECK(codes(service("a", kPort) + one("x", ", exportTo: [b]") + one("y", ", exportTo: [c]"))
            .empty());
  CHECK(codes(service("a", kPort) + one("x", ", exportTo: [b]") + one("y", "")) ==
        Codes{"IST0109 x", "IST0109 y"});
}

TEST_CASE("analysis: gateways need pods, credentials and a place of their own") {
  const auto gateway = [](const std::string& name, const std::string& tls) {
    return networking("Gateway", name,
                      "{selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: "
                      "https, protocol: HTTPS}, hosts: [" +
                          name + ".example], tls: {mode: SIMPLE, " + tls + "}}]}");
  };
  const std::string ready = pod("g", "istio: ingressgateway") +
                            object("v1", "Service", "g",
                                   "{selector: {istio: ingressgateway}, ports: [{port: 443, name: "
                                   "https}]}");
  CHECK(codes(gateway("a", "credentialName: c")) == Codes{"IST0101 a"});
  CHECK(codes(gateway("a", "serverCertificate: c, privateKey: k"), {true}).empty());
  CHECK(codes(ready + gateway("a", "credentialName: c")) == Codes{"IST0101 a"});
  const std::string secret =
      "---\napiVersion: v1\nkind: Secret\nmetadata: {name: c, namespace: ns}\n";
  CHECK(codes(ready + gateway("a", "credentialName: c") + secret) == Codes{"IST0161 a"});
  CHECK(codes(ready + gateway("a", "credentialName: c") + secret + "data: {tls.crt: YQ==}\n")
            .empty());
  CHECK(codes(ready + gateway("a", "serverCertificate: c, privateKey: k") +
              gateway("b", "serverCertificate: c, privateKey: k")) ==
        Codes{"IST0138 a", "IST0138 b"});
  const std::string same =
      "{selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: "
      "tcp, protocol: TCP}, hosts: [x.example]}]}";
  CHECK(codes(ready + networking("Gateway", "a", same) + networking("Gateway", "b", same)) ==
        Codes{"IST0145 a", "IST0145 b"});
}

TEST_CASE("analysis: DestinationRules verify servers and select pods") {
  const auto rule = [](const std::string& more) {
    return codes(service("a", kPort) + pod("p", "app: a, version: v1") +
                 "---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\n" +
                 networking("DestinationRule", "d", "{host: a, " + more + "}"));
  };
  CHECK(rule("subsets: [{name: v1, labels: {version: v1}}]").empty());
  CHECK(rule("subsets: [{name: v2, labels: {version: v2}}]") == Codes{"IST0173 d"});
  CHECK(rule("subsets: [{name: z, labels: {topology.kubernetes.io/zone: z}}]") ==
        Codes{"IST0173 d"});
  CHECK(rule("trafficPolicy: {tls: {mode: SIMPLE}}") == Codes{"IST0128 d"});
  CHECK(rule("trafficPolicy: {tls: {mode: SIMPLE, caCertificates: f}}").empty());
  CHECK(rule("trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}") ==
        Codes{"IST0129 d"});
  CHECK(codes(networking("DestinationRule", "d", "{host: b}")) == Codes{"IST0174 d"});
}

TEST_CASE("analysis: ports say their protocol, here and in ServiceEntries") {
  CHECK(codes(service("a", "{port: 80, name: web}")) == Codes{"IST0118 a"});
  CHECK(codes(service("a", "{port: 80}")) == Codes{"IST0118 a"});
  CHECK(codes(service("a", "{port: 3306}")).empty());
  CHECK(codes(service("a", "{port: 80, name: web, appProtocol: kubernetes.io/h2c}")).empty());
  CHECK(codes(service("a", "{port: 80, name: grpc-web-x}, {port: 53, protocol: UDP, name: d}"))
            .empty());
  CHECK(codes(object("v1", "Service", "a",
                     "{type: ExternalName, externalName: x.y, ports: [{port: 80, name: tcp}]}")) ==
        Codes{"IST0150 a"});
  CHECK(codes("---\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: kube-system}\n"
              "spec: {ports: [{port: 80}]}\n")
            .empty());
  const auto entry = [](const std::string& name, const std::string& protocol) {
    return networking(
        "ServiceEntry", name,
        "{hosts: [a.example], ports: [{number: 80, name: x, protocol: " + protocol + "}]}");
  };
  CHECK(codes(entry("e", "HTTP")).empty());
  CHECK(codes(entry("e", "tcp")) == Codes{"IST0134 e"});
  CHECK(codes(entry("e", "HTTP") + entry("f", "TLS")) == Codes{"IST0177 e", "IST0177 f"});
}

TEST_CASE("analysis: policies select workloads and name namespaces that are there") {
  const auto policy = [](const std::string& spec) {
    return object("security.istio.io/v1", "AuthorizationPolicy", "p", spec);
  };
  const std::string here = pod("w", "app: a");
  CHECK(codes(policy("{rules: [{}]}")) == Codes{"IST0127 p"});
  CHECK(codes(here + policy("{rules: [{}]}")).empty());
  CHECK(codes(here + policy("{selector: {matchLabels: {app: b}}, rules: [{}]}")) ==
        Codes{"IST0127 p"});
  CHECK(codes(here + policy("{rules: [{from: [{source: {namespaces: [other]}}]}]}")) ==
        Codes{"IST0101 p"});
  CHECK(codes(here + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n" +
              policy("{rules: [{from: [{source: {notNamespaces: [\"oth*\"]}}]}]}"))
            .empty());
}

TEST_CASE("analysis: a workload has one Sidecar and one Telemetry") {
  const auto sidecar = [](const std::string& name, const std::string& labels) {
    return networking(
        "Sidecar", name,
        "{workloadSelector: {labels: {" + labels + "}}, egress: [{hosts: [\"./*\"]}]}");
  };
  const std::string here = pod("w", "app: a");
  CHECK(codes(here + sidecar("x", "app: a")).empty());
  CHECK(codes(here + sidecar("x", "app: b")) == Codes{"IST0101 x"});
  CHECK(codes(here + sidecar("x", "app: a") + sidecar("y", "app: a")) ==
        Codes{"IST0110 x", "IST0110 y"});
  CHECK(codes(sidecar("x", "") + sidecar("y", "")) == Codes{"IST0111 x", "IST0111 y"});
  const auto telemetry = [](const std::string& name, const std::string& spec) {
    return object("telemetry.istio.io/v1", "Telemetry", name, spec);
  };
  CHECK(codes(telemetry("x", "{}") + telemetry("y", "{}")) == Codes{"IST0160 x", "IST0160 y"});
  CHECK(codes(telemetry("x", "{accessLogging: [{disabled: false}]}")) == Codes{"IST0157 x"});
}

TEST_CASE("analysis: patches that do nothing, or depend on their order") {
  const auto patch = [](const std::string& text) {
    return codes(object("networking.istio.io/v1alpha3", "EnvoyFilter", "f",
                        "{configPatches: [" + text + "]}"));
  };
  CHECK(
      patch("{applyTo: HTTP_FILTER, patch: {operation: INSERT_FIRST, value: {name: a}}}").empty());
  CHECK(patch("{applyTo: HTTP_FILTER, patch: {operation: INSERT_BEFORE, value: {name: a}}}") ==
        Codes{"IST0151 f"});
  CHECK(patch("{applyTo: CLUSTER, patch: {operation: REPLACE, value: {}}}") == Codes{"IST0152 f"});
  CHECK(patch("{applyTo: HTTP_ROUTE, patch: {operation: ADD, value: {}}}") == Codes{"IST0153 f"});
  CHECK(patch("{applyTo: HTTP_ROUTE, patch: {operation: REMOVE}}") == Codes{"IST0154 f"});
  CHECK(patch("{applyTo: HTTP_FILTER, match: {proxy: {proxyVersion: a}}, patch: {operation: "
              "INSERT_FIRST, value: {name: a}}}, {applyTo: HTTP_FILTER, patch: {operation: "
              "INSERT_AFTER, value: {name: a}}}") == Codes{"IST0155 f"});
}

TEST_CASE("analysis: claims that a gateway routes by need somebody who checks the token") {
  const std::string world =
      service("a", kPort) + pod("g", "istio: ingressgateway") +
      object("v1", "Service", "g",
             "{selector: {istio: ingressgateway}, ports: [{port: 80, name: http}]}") +
      networking("Gateway", "gw",
                 "{selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, "
                 "protocol: HTTP}, hosts: [\"*\"]}]}") +
      networking(
          "VirtualService", "v",
          "{hosts: [x.example], gateways: [gw], http: [{match: [{headers: "
          "{\"@request.auth.claims.g\": {exact: x}}}], route: [{destination: {host: a}}]}]}");
  CHECK(codes(world) == Codes{"IST0149 v"});
  CHECK(codes(world + object("security.istio.io/v1", "RequestAuthentication", "r",
                             "{selector: {matchLabels: {istio: ingressgateway}}}"))
            .empty());
}

TEST_CASE("analysis: the planner's word about a field comes first, and once") {
  config::Finding planned;
  planned.code = "IST0101";
  planned.object = {"VirtualService", "ns", "v", "f", 1};
  planned.path = "spec.http[0]";
  planned.message = "planned";
  config::Finding same = planned;
  same.message = "analysed";
  config::Finding other = same;
  other.path = "spec.http[1]";
  const config::Findings all = merge({planned}, {same, other});
  REQUIRE(all.size() == 2);
  CHECK(all[0].message == "planned");
  CHECK(all[1].path == "spec.http[1]");
}

}  // namespace
}  // namespace sm::analysis
