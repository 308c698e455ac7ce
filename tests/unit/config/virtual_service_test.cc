// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "judge.h"

namespace sm::config {
namespace {

constexpr const char* kRoute = "route: [{destination: {host: a}}]";

SnapshotPtr with_http(const std::string& http) {
  return judge(istio("VirtualService", "  hosts: [a]\n  http: [{" + http + "}]\n"));
}

const HttpRoute& first(const SnapshotPtr& snapshot) {
  REQUIRE_MESSAGE(snapshot->virtual_services.size() == 1, all_findings(*snapshot));
  return snapshot->virtual_services[0]->http.at(0);
}

TEST_CASE("config: a VirtualService is read whole") {
  const auto snapshot = judge(istio("VirtualService", R"(  hosts: [reviews, "*.example.com"]
  gateways: [mesh, ns/gw]
  exportTo: ["."]
  http:
  - name: canary
    match:
    - name: m
      uri: {prefix: /api}
      method: {exact: GET}
      headers: {User-Agent: {regex: ".*Firefox.*"}, x-here: {}}
      withoutHeaders: {x-gone: {}, x-star: {regex: "*"}}
      queryParams: {q: {exact: "1"}}
      ignoreUriCase: true
      port: 8080
      sourceLabels: {app: web}
      sourceNamespace: other
      gateways: [mesh]
    route:
    - destination: {host: reviews, subset: v1, port: {number: 9080}}
      weight: 80
      headers: {request: {set: {a: "1"}}}
    - destination: {host: reviews, subset: v2}
      weight: 20
    rewrite: {uri: /v2, authority: b.example.com}
    headers: {request: {add: {b: "2"}, remove: [c]}, response: {set: {d: "4"}}}
    mirror: {host: reviews, subset: v3}
    mirrorPercentage: {value: 12.5}
)"));
  CHECK_MESSAGE(snapshot->findings.empty(), all_findings(*snapshot));
  const HttpRoute& route = first(snapshot);
  const VirtualService& service = *snapshot->virtual_services[0];
  CHECK(service.hosts == std::vector<std::string>{"reviews", "*.example.com"});
  CHECK(service.gateways == std::vector<std::string>{"mesh", "ns/gw"});
  CHECK(service.export_to == std::vector<std::string>{"."});
  CHECK(route.name == "canary");
  CHECK(route.mark.line == 9);
  const HttpMatch& match = route.match.at(0);
  CHECK(match.uri->kind == StringMatch::Kind::kPrefix);
  CHECK(match.method->value == "GET");
  REQUIRE(match.headers.size() == 2);
  CHECK(match.headers[0].first == "user-agent");
  CHECK(match.headers[0].second.kind == StringMatch::Kind::kRegex);
  CHECK(match.headers[1].second.kind == StringMatch::Kind::kPresent);
  CHECK(match.without_headers.at(0).first == "x-gone");
  CHECK(match.without_headers.at(1).second.kind == StringMatch::Kind::kPresent);
  CHECK(match.query_params.at(0).second.value == "1");
  CHECK(match.ignore_uri_case);
  CHECK(match.port == 8080);
  CHECK(match.source_labels.at("app") == "web");
  CHECK(match.source_namespace == "other");
  REQUIRE(route.route.size() == 2);
  CHECK(route.route[0].weight == 80);
  CHECK(route.route[0].destination.port == 9080);
  CHECK(route.route[0].destination.subset_mark.line == 23);
  CHECK(route.route[0].request_headers.set.at(0).second == "1");
  CHECK(route.rewrite->uri == "/v2");
  CHECK(route.request_headers.remove.at(0) == "c");
  CHECK(route.response_headers.set.at(0).first == "d");
  CHECK(route.mirrors.at(0).percent == doctest::Approx(12.5));
}

TEST_CASE("config: each version of the API and both spellings are one VirtualService") {
  for (const char* version : {"v1", "v1beta1", "v1alpha3"}) {
    const auto snapshot =
        judge(std::string("apiVersion: networking.istio.io/") + version +
              "\nkind: VirtualService\nmetadata: {name: x}\nspec: {hosts: [a], http: [{match: "
              "[{without_headers: {a: {}}}], route: [{destination: {host: a}}]}]}\n");
    CHECK(first(snapshot).match.at(0).without_headers.size() == 1);
    CHECK(snapshot->virtual_services[0]->meta.ref.namespace_ == "default");
  }
  const auto wrong = judge(
      "apiVersion: networking.istio.io/v9\nkind: VirtualService\nmetadata: {name: x}\nspec: {}\n");
  CHECK(find(*wrong, "apiVersion") != nullptr);
}

TEST_CASE("config: the share of a mirror follows Istio's order of spellings") {
  const std::pair<const char*, double> rows[] = {
      {"mirror: {host: m}", 100.0},
      {"mirror: {host: m}, mirror_percent: 30", 30.0},
      {"mirror: {host: m}, mirrorPercent: 30, mirrorPercentage: {value: 5}", 5.0},
      {"mirrors: [{destination: {host: m}, percentage: {value: 7}}]", 7.0},
      {"mirrors: [{destination: {host: m}}]", 100.0},
  };
  for (const auto& row : rows) {
    const auto& text = row.first;
    const auto& percent = row.second;
    CAPTURE(text);
    const auto snapshot = with_http(std::string(kRoute) + ", " + text);
    REQUIRE(first(snapshot).mirrors.size() == 1);
    CHECK(first(snapshot).mirrors[0].percent == doctest::Approx(percent));
  }
  // An explicit 0 is no mirror at all.
  CHECK(first(with_http(std::string(kRoute) + ", mirror: {host: m}, mirror_percent: 0"))
            .mirrors.empty());
}

TEST_CASE("config: redirects, direct responses and regex rewrites are read") {
  const auto redirect =
      with_http("redirect: {uri: /x, authority: b, redirectCode: 302, port: 8443, scheme: https}");
  CHECK(first(redirect).redirect->code == 302);
  CHECK(first(redirect).redirect->port == 8443);
  CHECK(first(with_http("redirect: {prefixRewrite: /x}")).redirect->uri == "%PREFIX()%/x");
  const auto direct = with_http("directResponse: {status: 503, body: {string: busy}}");
  CHECK(first(direct).direct_response->status == 503);
  CHECK(first(direct).direct_response->body == "busy");
  CHECK(first(with_http("directResponse: {status: 200, body: {bytes: aGk=}}"))
            .direct_response->body == "hi");
  const auto rewrite =
      with_http(std::string(kRoute) +
                ", rewrite: {uriRegexRewrite: {match: \"/a/(.*)\", rewrite: \"/\\\\1\"}}");
  CHECK(first(rewrite).rewrite->regex_match == "/a/(.*)");
  CHECK_FALSE(first(rewrite).rewrite->has_uri);
}

TEST_CASE(
    "config: a VirtualService that Istio would refuse is quarantined, with place and remedy") {
  struct Row {
    std::string spec;
    const char* path;
  };
  const std::string route = kRoute;
  const auto http = [](const std::string& text) {
    return "  hosts: [a]\n  http: [{" + text + "}]\n";
  };
  const Row rows[] = {
      {"  gateways: [g]\n  http: [{" + route + "}]\n", "spec.hosts"},
      {"  hosts: [\"*\"]\n  http: [{" + route + "}]\n", "spec.hosts"},
      {"  hosts: [\"a b\"]\n  http: [{" + route + "}]\n", "spec.hosts"},
      {"  hosts: [x.foo.com, \"*.foo.com\"]\n  http: [{" + route + "}]\n", "spec.hosts"},
      {"  hosts: [a]\n  gateways: [\"a/b/c\"]\n  http: [{" + route + "}]\n", "spec.gateways"},
      {"  hosts: [a]\n  exportTo: [\"A B\"]\n  http: [{" + route + "}]\n", "spec.exportTo"},
      {"  hosts: [a]\n", "spec.http"},
      {http("match: [{}]"), "spec.http[0].route"},
      {http("route: [{destination: {host: a}, weight: -1}]"), "weight"},
      {http("route: [{destination: {host: a}}, {destination: {host: b}}]"), "spec.http[0].route"},
      {http("route: [{weight: 1}]"), "route[0].destination"},
      {http("route: [{destination: {host: \"*\"}}]"), "destination.host"},
      {http("route: [{destination: {subset: v1}}]"), "destination.host"},
      {http("route: [{destination: {host: a, subset: V_1}}]"), "destination.subset"},
      {http("route: [{destination: {host: a, port: {number: 70000}}}]"), "port.number"},
      {http("route: [{destination: {host: a, port: {}}}]"), "destination.port"},
      {http(route + ", redirect: {uri: /}"), "spec.http[0].route"},
      {http(route + ", directResponse: {status: 200}"), "spec.http[0].route"},
      {http("redirect: {}"), "redirect"},
      {http("redirect: {uri: /, redirectCode: 200}"), "redirectCode"},
      {http("redirect: {uri: /}, rewrite: {uri: /}"), "rewrite"},
      {http("directResponse: {status: 99}"), "status"},
      {http(route + ", rewrite: {}"), "rewrite"},
      {http(route + ", rewrite: {uri: /, uriRegexRewrite: {match: a, rewrite: b}}"), "rewrite"},
      {http(route + ", rewrite: {uriRegexRewrite: {match: \"(\", rewrite: b}}"), "match"},
      {http(route + ", mirror: {host: a}, mirrors: [{destination: {host: b}}]"), "mirrors"},
      {http(route + ", mirrorPercentage: {value: 101}"), "mirrorPercentage.value"},
      {http(route + ", mirror_percent: 101"), "mirror_percent"},
      {http(route + ", headers: {response: {set: {host: c}}}"), "response.set"},
      {http(route + ", headers: {request: {remove: [\":path\"]}}"), "request.remove"},
      {http(route + ", headers: {request: {set: {a: \"50% off\"}}}"), "request.set"},
      {http("match: [{uri: {exact: a, prefix: b}}], " + route), "match[0].uri"},
      {http("match: [{uri: {regex: \"[\"}}], " + route), "uri.regex"},
      {http("match: [{headers: {\"a b\": {exact: c}}}], " + route), "headers.a b"},
      {http("match: [{headers: {a: {prefix: \"\"}}}], " + route), "headers.a.prefix"},
      {http("match: [{port: 70000}], " + route), "port"},
      {http(route + ", fault: {}"), "fault"},
      {http(route + ", fault: {delay: {exponentialDelay: 5s}}"), "exponentialDelay"},
      {http(route + ", fault: {abort: {http2Error: x}}"), "http2Error"},
      {http(route + ", fault: {abort: {grpcStatus: NO_IDEA}}"), "grpcStatus"},
      {http(route + ", corsPolicy: {allowMethods: [get]}"), "allowMethods"},
      {http(route + ", corsPolicy: {allowOrigins: [{}]}"), "allowOrigins[0]"},
      {http(route + ", corsPolicy: {maxAge: 1500ms}"), "maxAge"},
      {http(route + ", timeout: 0s"), "timeout"},
      {http(route + ", rewrite: {authority: x}, headers: {request: {set: {host: y}}}"),
       "request.set"},
      {http("redirect: {prefixRewrite: /x}, match: [{uri: {exact: /}}]"), "prefixRewrite"},
      {http("redirect: {uri: /, scheme: ftp}"), "scheme"},
      {http("match: [{sourceNamespace: a b}], " + route), "sourceNamespace"},
      {http("match: [{sourceLabels: {\"a b\": c}}], " + route), "sourceLabels"},
      {http("match: [{method: {prefix: \"\"}}], " + route), "method.prefix"},
      {http("match: [{headers: {\"@request.auth.claims.g\": {exact: x}}}], " + route), "claims.g"},
      {http("delegate: {name: d}, " + route), "route"},
      {http(route + ", retries: {attempts: -1}"), "attempts"},
      {http(route + ", retries: {retryOn: 5xx}"), "attempts"},
      {http(route + ", retries: {attempts: 1, retryOn: \"5xx, reset\"}"), "retryOn"},
      {"  http: [{delegate: {name: d}}]\n", "delegate"},
      {"  hosts: [a]\n  tcp: [{match: [{destinationSubnets: [10.0.0.0/40]}], route: "
       "[{destination: {host: a}}]}]\n",
       "destinationSubnets"},
      {"  hosts: [a]\n  tls: [{route: [{destination: {host: a}}]}]\n", "tls[0].match"},
      {"  hosts: [a]\n  exportTo: [\"*\", b]\n  http: [{" + route + "}]\n", "exportTo"},
      {"  hosts: [a]\n  exportTo: [\"~\"]\n  http: [{" + route + "}]\n", "exportTo"},
      {"  hosts: [a]\n  tcp: [{route: [{destination: {host: \"*\"}}]}]\n", "destination.host"},
      {"  hosts: [a.b]\n  tls: [{match: [{sniHosts: [c.d]}], route: [{destination: {host: a}}]}]\n",
       "sniHosts"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const auto snapshot = judge(istio("VirtualService", row.spec));
    const Finding* finding = find(*snapshot, row.path);
    REQUIRE_MESSAGE(finding != nullptr, all_findings(*snapshot));
    CHECK(finding->mark.line >= 3);
    CHECK(is_invalid(snapshot->findings));
    CHECK(snapshot->virtual_services.empty());
    CHECK(state(*snapshot) == DocumentState::kQuarantined);
  }
}

TEST_CASE("config: what would send traffic elsewhere is quarantined, but not called invalid") {
  const std::pair<std::string, const char*> rows[] = {
      {std::string("  hosts: [a]\n  http: [{") + kRoute +
           ", fault: {abort: {httpStatus: 500, percentage: {value: 10}}}}]\n",
       "fault"},
      {"  hosts: [a]\n  http: [{delegate: {name: d}}]\n", "delegate"},
      {"  hosts: [a]\n  tcp: [{route: [{destination: {host: a}}]}]\n", "spec.tcp"},
      {"  hosts: [a.b]\n  tls: [{match: [{sniHosts: [a.b]}], route: [{destination: {host: a}}]}]\n",
       "spec.tls"},
      {std::string("  http: [{") + kRoute + "}]\n", "spec.hosts"},
      {std::string("  hosts: [a]\n  gateways: [g]\n  http: [{match: [{headers: "
                   "{\"@request.auth.claims.g\": {exact: "
                   "x}}}], ") +
           kRoute + "}]\n",
       "claims.g"},
      {"  hosts: [a]\n  http: [{directResponse: {status: 600}}]\n", "status"},
  };
  for (const auto& row : rows) {
    const auto& spec = row.first;
    const auto& path = row.second;
    CAPTURE(spec);
    const auto snapshot = judge(istio("VirtualService", spec));
    const Finding* finding = find(*snapshot, path);
    REQUIRE_MESSAGE(finding != nullptr, all_findings(*snapshot));
    CHECK(finding->code == code::kUnsupported);
    CHECK_FALSE(is_invalid(snapshot->findings));
    CHECK(state(*snapshot) == DocumentState::kQuarantined);
  }
}

TEST_CASE("config: what only tunes a route is a warning, and the route is in force") {
  const auto snapshot = with_http(std::string(kRoute) +
                                  ", timeout: 5s, retries: {attempts: 3, perTryTimeout: 1s}, "
                                  "corsPolicy: {allowOrigin: [x], maxAge: 24h}");
  CHECK(state(*snapshot) == DocumentState::kWarned);
  CHECK(first(snapshot).timeout == std::chrono::seconds(5));
  CHECK(first(snapshot).has_retries);
  for (const char* path : {"timeout", "retries", "corsPolicy"}) {
    const Finding* finding = find(*snapshot, path, Severity::kWarning);
    REQUIRE(finding != nullptr);
    CHECK(finding->code == code::kUnsupported);
  }
}

TEST_CASE("config: uri, method and their like among headers have no effect and are said") {
  const auto snapshot =
      with_http(std::string("match: [{headers: {uri: {exact: /x}, a: {exact: b}}}], ") + kRoute);
  CHECK(first(snapshot).match.at(0).headers.size() == 1);
  CHECK(find(*snapshot, "headers.uri", Severity::kWarning) != nullptr);
}

}  // namespace
}  // namespace sm::config
