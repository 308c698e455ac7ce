// SPDX-License-Identifier: Apache-2.0
#include "plan/explain.h"

#include <doctest/doctest.h>

#include "support/plan_world.h"

namespace sm::plan {

namespace {

World shop() {
  World world;
  world.workload("shop", "web", {{"http", 80, 8079}}, "10.96.0.1", "10.0.0.1");
  world.workload("shop", "cart", {{"http", 80, 8080}}, "10.96.0.2", "10.0.0.2");
  world.pod("shop", "cart-2", {{"app", "cart"}, {"version", "v2"}}, "10.0.0.3");
  world.workload("shop", "db", {{"mysql", 3306, 3306}}, "10.96.0.4", "10.0.0.4");
  world.rule("shop", "cart", "cart", {"v1", "v2"});
  world.node.clear();  // offline: every pod is of this node
  return world;
}

Json ask(const World& world, const std::string& method, const std::string& url,
         const Json& headers = Json::object()) {
  const Json line = {
      {"from", "shop/web-1"}, {"method", method}, {"url", url}, {"headers", headers}};
  const auto request = ExplainRequest::from_json(line);
  REQUIRE(request.ok());
  const auto answer = explain(*world.build().plan, *request);
  REQUIRE(answer.ok());
  return *answer;
}

Json get(const World& world, const std::string& url) { return ask(world, "GET", url); }

}  // namespace

TEST_CASE("explain: every key of the contract is there, whatever the verdict") {
  for (const char* url :
       {"http://cart/", "http://example.com/", "tcp://10.96.0.4:3306", "http://cart/%00"}) {
    const Json answer = get(shop(), url);
    for (const char* key :
         {"verdict",      "status",   "flags",       "details",  "service",
          "port",         "protocol", "virtualHost", "route",    "rejected",
          "destinations", "mirrors",  "upstream",    "response", "responseHeaderOps",
          "timeoutMs",    "retries",  "faults",      "client",   "authn",
          "authz"}) {
      CAPTURE(key);
      CHECK(answer.contains(key));
    }
    CHECK(answer.at("client").at("identity") == "spiffe://cluster.local/ns/shop/sa/default");
    CHECK(answer.at("client").at("attestation") == "kernel");
  }
}

TEST_CASE(
    "explain: the route, those that were passed over and why, and the endpoints of its subset") {
  World world = shop();
  config::HttpRoute firefox = route_to("cart", "v1");
  firefox.match.emplace_back().headers = {{"user-agent", regex(".*Firefox.*")}};
  config::HttpRoute beta = route_to("cart", "v2");
  beta.match.emplace_back().uri = prefix("/beta");
  beta.rewrite = config::HttpRewrite{};
  beta.rewrite->has_uri = true;
  beta.rewrite->uri = "/";
  beta.request_headers.set = {{"x-added", "1"}, {"host", "inner"}};
  beta.response_headers.set = {{"x-back", "%REQ(:method)%"}};
  beta.response_headers.add = {{"x-more", "2"}};
  beta.response_headers.remove = {"server"};
  beta.timeout = std::chrono::milliseconds(1500);
  beta.mirrors.push_back({to("web").destination, 50});
  world.virtual_service("shop", "cart", {"cart"}, {firefox, beta});
  const Json answer = ask(world, "GET", "http://cart/beta/x?q=1",
                          {{"User-Agent", "curl"}, {"Connection", "x-hop"}, {"x-hop", "1"}});
  CHECK(answer.at("verdict") == "route");
  CHECK(answer.at("status").is_null());
  CHECK(answer.at("service") == "cart.shop.svc.cluster.local");
  CHECK(answer.at("virtualHost") == "cart.shop.svc.cluster.local:80");
  CHECK(answer.at("route").at("index") == 1);
  CHECK(answer.at("route").at("match") == "prefix /beta");
  REQUIRE(answer.at("rejected").size() == 1);
  CHECK(answer.at("rejected")[0].at("because") == "header user-agent is not regex .*Firefox.*");
  const Json& to = answer.at("destinations").at(0);
  CHECK(to.at("cluster") == "outbound|80|v2|cart.shop.svc.cluster.local");
  CHECK(to.at("weight") == 100);
  REQUIRE(to.at("endpoints").size() == 2);
  CHECK(to.at("endpoints")[0].at("pod") == "shop/cart-1");
  CHECK(to.at("endpoints")[0].at("used") == false);
  CHECK(to.at("endpoints")[1].at("used") == true);
  CHECK(answer.at("mirrors")[0].at("percent") == 50.0);
  const Json& sent = answer.at("upstream");
  CHECK(sent.at("path") == "//x?q=1");
  CHECK(sent.at("authority") == "inner");
  CHECK(sent.at("headers").at("x-added")[0] == "1");
  CHECK(sent.at("headers").at("x-envoy-original-path")[0] == "/beta/x?q=1");
  CHECK(sent.at("headers").at("x-envoy-attempt-count")[0] == "1");
  CHECK(sent.at("headers").at("x-forwarded-proto")[0] == "http");
  CHECK_FALSE(sent.at("headers").contains("x-hop"));
  CHECK(answer.at("responseHeaderOps").at("set").at("x-back") == "GET");
  CHECK(answer.at("responseHeaderOps").at("add").at("x-more") == "2");
  CHECK(answer.at("responseHeaderOps").at("remove")[0] == "server");
  CHECK(answer.at("timeoutMs") == 1500);
  CHECK(get(world, "http://cart/").at("verdict") == "not_found");
  CHECK(get(world, "http://cart/").at("status") == 404);
  CHECK(get(world, "http://cart/").at("flags") == "NR");
}

TEST_CASE("explain: three answers for what is missing, and what is not of the mesh") {
  World world = shop();
  world.rule("shop", "web", "web", {"v1", "v9"});
  world.virtual_service("shop", "cart", {"cart"},
                        {prefix_route("/nc", "nobody"), route_to("web", "v9")});
  const Json missing = get(world, "http://cart/nc");
  CHECK(missing.at("verdict") == "no_cluster");
  CHECK(missing.at("flags") == "NC");
  CHECK(missing.at("response").at("body") == "");
  CHECK(missing.at("destinations")[0].at("host") == "nobody.shop.svc.cluster.local");
  const Json empty = get(world, "http://cart/");
  CHECK(empty.at("verdict") == "no_endpoint");
  CHECK(empty.at("flags") == "UH");
  CHECK(empty.at("response").at("body") == "no healthy upstream");
  const Json outside = get(world, "http://example.com/");
  CHECK(outside.at("verdict") == "passthrough");
  CHECK(outside.at("route").at("name") == "allow_any");
  CHECK(outside.at("upstream").at("authority") == "example.com");
  world.snapshot.mesh.registry_only = true;
  CHECK(get(world, "http://example.com/").at("verdict") == "blackhole");
  CHECK(get(world, "http://example.com/").at("status") == 502);
}

TEST_CASE("explain: TCP by address and by the name that is dialled") {
  const World world = shop();
  const Json by_address = get(world, "tcp://10.96.0.4:3306");
  CHECK(by_address.at("verdict") == "route");
  CHECK(by_address.at("protocol") == "tcp");
  CHECK(by_address.at("service") == "db.shop.svc.cluster.local");
  CHECK(by_address.at("destinations")[0].at("endpoints")[0].at("address") == "10.0.0.4:3306");
  CHECK(get(world, "tcp://db:3306").at("verdict") == "route");
  CHECK(get(world, "http://db.shop:3306/").at("protocol") == "tcp");
  CHECK(get(world, "tcp://192.0.2.9:99").at("verdict") == "passthrough");
}

TEST_CASE(
    "explain: Host replaces the authority, redirects and direct answers are local, bad requests "
    "are refused") {
  World world = shop();
  config::HttpRoute redirect;
  redirect.match.emplace_back().uri = exact("/r");
  redirect.redirect = config::Redirect{};
  redirect.redirect->uri = "/new";
  redirect.response_headers.set = {{"x-local", "1"}};
  config::HttpRoute direct;
  direct.match.emplace_back().uri = exact("/d");
  direct.direct_response = config::DirectResponse{418, "tea"};
  world.virtual_service("shop", "cart", {"cart"}, {redirect, direct, route_to("cart")});
  const Json moved = ask(world, "GET", "http://web/r?q=1", {{"Host", "cart"}});
  CHECK(moved.at("verdict") == "redirect");
  CHECK(moved.at("status") == 301);
  CHECK(moved.at("response").at("headers").at("location")[0] == "http://cart/new?q=1");
  CHECK(moved.at("response").at("headers").at("x-local")[0] == "1");
  CHECK(moved.at("response").at("headers").at("server")[0] == "envoy");
  const Json answered = get(world, "http://cart/d");
  CHECK(answered.at("verdict") == "direct");
  CHECK(answered.at("response").at("body") == "tea");
  CHECK(answered.at("response").at("headers").at("content-type")[0] == "text/plain");
  for (const char* url : {"http://cart/a#b", "http://cart/%00", "http://cart/a b"}) {
    CAPTURE(url);
    CHECK(get(world, url).at("verdict") == "bad_request");
    CHECK(get(world, url).at("status") == 400);
  }
  CHECK(ask(world, "GET", "http://cart/", {{"Host", "ca rt"}}).at("verdict") == "bad_request");
  CHECK(get(world, "http://cart/a/../d").at("verdict") == "direct");
}

TEST_CASE("explain: a gateway is an edge, and only its open ports answer") {
  World world = shop();
  world.gateway_pod("10.0.0.100");
  world.gateway("shop", "gw", 80, {"*"});
  world.virtual_service("shop", "edge", {"*"}, {route_to("web")}, {"gw"});
  const auto built = world.build();
  ExplainRequest request;
  request.pod = "istio-system/ingress-1";
  request.at_gateway = true;
  request.port = 80;
  request.url = "http://anything/x";
  request.headers = {{"x-envoy-retry-on", "5xx"}, {"x-request-id", "mine"}};
  const auto answer = explain(*built.plan, request);
  REQUIRE(answer.ok());
  CHECK(answer->at("verdict") == "route");
  CHECK(answer->at("virtualHost") == "*:80");
  CHECK(answer->at("client").at("attestation") == "none");
  CHECK_FALSE(answer->at("upstream").at("headers").contains("x-envoy-retry-on"));
  CHECK(answer->at("upstream").at("headers").at("x-forwarded-for")[0] == "192.0.2.1");
  CHECK(answer->at("upstream").at("headers").at("x-request-id")[0] != "mine");
  request.port = 81;
  CHECK(explain(*built.plan, request).error().remedy == "it opens 80");
  request.pod = "shop/web-1";
  CHECK_FALSE(explain(*built.plan, request).ok());
  request.at_gateway = false;
  request.pod = "shop/nobody";
  CHECK(explain(*built.plan, request).error().code == ErrorCode::kNotFound);
  request.pod = "istio-system/ingress-1";
  CHECK_FALSE(explain(*built.plan, request).ok());
}

TEST_CASE("explain: a server that a policy closed denies, at the route's HTTP and at TCP") {
  World world = shop();
  auto policy = std::make_shared<config::SecurityPolicy>();
  policy->meta = world.meta("AuthorizationPolicy", "shop", "strict");
  policy->action = "DENY";
  world.snapshot.security_policies.push_back(policy);
  const Json answer = get(world, "http://cart/");
  CHECK(answer.at("verdict") == "deny");
  CHECK(answer.at("status") == 403);
  CHECK(answer.at("response").at("body") == "RBAC: access denied");
  CHECK(answer.at("authz").at("result") == "deny");
  CHECK(get(world, "tcp://db:3306").at("verdict") == "deny");
  CHECK(get(world, "tcp://db:3306").at("status").is_null());
}

TEST_CASE("explain: requests that are none are told what they lack") {
  const std::vector<Json> lines = {Json::array(),
                                   {{"url", "http://a/"}},
                                   {{"from", "a/b"}, {"gateway", "a/b"}, {"url", "http://a/"}},
                                   {{"from", "a/b"}},
                                   {{"gateway", "a/b"}, {"url", "http://a/"}},
                                   {{"gateway", "a/b"}, {"port", 70000}, {"url", "http://a/"}},
                                   {{"from", "a/b"}, {"url", "http://a/"}, {"headers", {{"x", 1}}}},
                                   {{"from", "a/b"}, {"url", 7}}};
  for (const Json& line : lines) {
    CAPTURE(line.dump());
    CHECK_FALSE(ExplainRequest::from_json(line).ok());
  }
  const Json line = {{"from", "a/b"}, {"url", "http://a/"}, {"headers", {{"x", {"1", "2"}}}}};
  CHECK(ExplainRequest::from_json(line)->headers.size() == 2);
  const Built built = shop().build();
  for (const char* url : {"cart/", "ftp://cart/", "tcp://cart", "http://cart:99999/"}) {
    CAPTURE(url);
    ExplainRequest request;
    request.pod = "shop/web-1";
    request.url = url;
    CHECK_FALSE(explain(*built.plan, request).ok());
  }
}

}  // namespace sm::plan
