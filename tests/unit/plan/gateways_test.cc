// SPDX-License-Identifier: Apache-2.0
#include "plan/gateways.h"

#include <doctest/doctest.h>

#include "plan/dump.h"
#include "support/plan_world.h"

namespace sm::plan {

namespace {

constexpr const char* kPod = "istio-system/ingress-1";

World edge() {
  World world;
  world.gateway_pod("10.0.0.100");
  world.workload("shop", "front-end", {{"http", 80, 8079}}, "10.96.0.1", "10.0.0.1");
  world.workload("istio-system", "kiali", {{"http", 20001, 20001}}, "10.96.0.2", "10.0.0.2");
  return world;
}

std::string cluster_of(const Built& built, const std::string& authority, const std::string& path,
                       std::uint16_t port = 80) {
  return first_cluster(gateway_route(*built.plan, kPod, request(authority, path), port));
}

config::HttpRoute rewritten(const std::string& uri, const std::string& host) {
  config::HttpRoute out = prefix_route(uri, host);
  out.rewrite = config::HttpRewrite{};
  out.rewrite->has_uri = true;
  out.rewrite->uri = "/";
  return out;
}

constexpr const char* kFrontEnd = "outbound|80||front-end.shop.svc.cluster.local";
constexpr const char* kKiali = "outbound|20001||kiali.istio-system.svc.cluster.local";

}  // namespace

TEST_CASE(
    "gateway: two Gateways on one port and host share one virtual host, and catch-all routes come "
    "last") {
  for (const bool front_end_first : {true, false}) {
    World world = edge();
    world.gateway("shop", "shop-gw", 80, {"*"});
    world.gateway("istio-system", "tools-gw", 80, {"*"});
    config::VirtualService& front =
        world.virtual_service("shop", "front-end", {"*"}, {route_to("front-end")}, {"shop-gw"});
    config::VirtualService& tools = world.virtual_service(
        "istio-system", "tools", {"*"}, {rewritten("/kiali/", "kiali")}, {"tools-gw"});
    front.meta.creation_timestamp =
        front_end_first ? "2021-01-01T00:00:00Z" : "2022-01-01T00:00:00Z";
    tools.meta.creation_timestamp =
        front_end_first ? "2022-01-01T00:00:00Z" : "2021-01-01T00:00:00Z";
    const Built built = world.build();
    const auto& table = built.plan->pod(kPod)->gateway_ports.at(80);
    REQUIRE(table.hosts().size() == 1);
    CHECK(table.hosts()[0]->name == "*:80");
    CHECK(cluster_of(built, "shop.example", "/kiali/x") == kKiali);
    CHECK(cluster_of(built, "shop.example", "/kiali") == kFrontEnd);
    CHECK(cluster_of(built, "anything:8080", "/") == kFrontEnd);
    CHECK(built.findings.empty());
  }
}

TEST_CASE(
    "gateway: blue-green by replacing the objects leaves a route to a missing subset without a "
    "cluster") {
  World world = edge();
  world.gateway("shop", "gw", 80, {"*"});
  world.rule("shop", "front-end", "front-end", {"v2"});
  world.virtual_service("shop", "front-end", {"*"}, {route_to("front-end", "v1")}, {"gw"});
  const Built built = world.build();
  const Route* route = gateway_route(*built.plan, kPod, request("x", "/"), 80);
  REQUIRE(route != nullptr);
  CHECK(route->destinations.front().cluster == nullptr);
  CHECK(first_cluster(route) == "outbound|80|v1|front-end.shop.svc.cluster.local");
  CHECK(has_finding(built.findings, "IST0101"));
}

TEST_CASE("gateway: canary by weight, mirroring, and Firefox by expression") {
  World world = edge();
  world.gateway("shop", "gw", 80, {"*"});
  world.rule("shop", "front-end", "front-end", {"v1", "v2"});
  config::HttpRoute firefox = route_to("front-end", "v2");
  firefox.match.emplace_back().headers = {{"user-agent", regex(".*Firefox.*")}};
  config::HttpRoute canary;
  canary.route = {to("front-end", "v1", 80), to("front-end", "v2", 20)};
  canary.mirrors.push_back({to("front-end", "v2").destination, 100});
  world.virtual_service("shop", "front-end", {"*"}, {firefox, canary}, {"gw"});
  const Built built = world.build();
  const Route* fox = gateway_route(
      *built.plan, kPod, request("x", "/", {{"user-agent", "Mozilla/5.0 Firefox/120"}}), 80);
  CHECK(first_cluster(fox) == "outbound|80|v2|front-end.shop.svc.cluster.local");
  const Route* others =
      gateway_route(*built.plan, kPod, request("x", "/", {{"user-agent", "curl"}}), 80);
  REQUIRE(others->destinations.size() == 2);
  CHECK(others->total_weight == 100);
  CHECK(others->destinations[0].weight == 80);
  CHECK(others->mirrors.at(0).per_million == 1'000'000);
  CHECK(others->destinations[0].cluster->endpoints.size() == 1);
  CHECK(others->destinations[1].cluster->endpoints.empty());
}

TEST_CASE("gateway: the opened port is the target port of the Service in front of the pod") {
  World world = edge();
  world.service("istio-system", "ingress", {{"http", 80, 8080}}, "10.96.0.9").selector = {
      {"istio", "ingressgateway"}};
  world.gateway("shop", "gw", 80, {"*"});
  world.gateway("shop", "gw2", 9000, {"*"});
  world.virtual_service("shop", "front-end", {"*"}, {route_to("front-end")}, {"gw"});
  const Built built = world.build();
  const auto& ports = built.plan->pod(kPod)->gateway_ports;
  CHECK(ports.count(80) == 0);
  REQUIRE(ports.count(8080) == 1);
  CHECK(ports.at(8080).hosts().front()->name == "*:80");
  CHECK(cluster_of(built, "x", "/", 8080) == kFrontEnd);
  // Nothing is attached to the second one.
  REQUIRE(ports.count(9000) == 1);
  CHECK(ports.at(9000).hosts().front()->name == "blackhole:9000");
  CHECK(gateway_route(*built.plan, kPod, request("x", "/"), 9000) == nullptr);
  CHECK(ports.at(9000).find("x") != nullptr);
}

TEST_CASE(
    "gateway: the more specific of the server's and the VirtualService's host becomes the domain") {
  World world = edge();
  world.gateway(
      "shop", "gw", 80,
      {"*.example.com", "shop/only.example.org", "other/not.example.org", "./own.example.net"});
  world.virtual_service(
      "shop", "a", {"dev.example.com", "only.example.org", "not.example.org", "own.example.net"},
      {route_to("front-end")}, {"gw"});
  world.virtual_service("istio-system", "b", {"*"}, {route_to("kiali")}, {"shop/gw"});
  const Built built = world.build();
  CHECK(cluster_of(built, "dev.example.com", "/") == kFrontEnd);
  CHECK(cluster_of(built, "only.example.org", "/") == kFrontEnd);
  CHECK(cluster_of(built, "own.example.net", "/") == kFrontEnd);
  CHECK(cluster_of(built, "other.example.com", "/") == kKiali);
  CHECK(cluster_of(built, "example.com", "/").empty());
  CHECK(cluster_of(built, "not.example.org", "/").empty());
  CHECK(built.plan->pod(kPod)->gateway_ports.at(80).find("nowhere") == nullptr);
}

TEST_CASE("gateway: selectors, protocols and exports decide what is served") {
  World world = edge();
  world.gateway("shop", "gw", 80, {"*"});
  config::Gateway& other = world.gateway("shop", "elsewhere", 81, {"*"});
  other.selector = {{"istio", "egress"}};
  config::Gateway& tls = world.gateway("shop", "tls", 443, {"*"});
  tls.servers[0].protocol = "HTTPS";
  tls.servers[0].has_tls = true;
  config::Gateway& tcp = world.gateway("shop", "tcp", 3306, {"*"});
  tcp.servers[0].protocol = "TCP";
  config::Gateway& grpc = world.gateway("shop", "grpc", 82, {"*"});
  grpc.servers[0].protocol = "GRPC";
  world.virtual_service("shop", "hidden", {"*"}, {route_to("front-end")}, {"gw"}).export_to = {"."};
  const Built built = world.build();
  const auto& ports = built.plan->pod(kPod)->gateway_ports;
  CHECK(ports.count(80) == 1);
  CHECK(ports.count(82) == 1);
  CHECK(ports.size() == 2);
  CHECK(gateway_route(*built.plan, kPod, request("x", "/"), 80) == nullptr);
  CHECK(built.plan->pod(kPod)->outbound == nullptr);
  CHECK(built.plan->pod(kPod)->workload->gateway);
  CHECK(built.plan->pod(kPod)->wanted_workers == 0);
  CHECK(built.plan->pod("shop/front-end-1")->wanted_workers == 1);
}

TEST_CASE("gateway: matches are compared with the gateway's own labels, name and server port") {
  World world = edge();
  world.service("istio-system", "ingress", {{"http", 80, 8080}}, "10.96.0.9").selector = {
      {"istio", "ingressgateway"}};
  world.gateway("shop", "gw", 80, {"*"});
  config::HttpRoute mesh_only = route_to("kiali.istio-system.svc.cluster.local");
  mesh_only.match.emplace_back().gateways = {"mesh"};
  config::HttpRoute labelled = mesh_only;
  labelled.match[0].gateways.clear();
  labelled.match[0].source_labels = {{"app", "web"}};
  config::HttpRoute port = mesh_only;
  port.match[0].gateways.clear();
  port.match[0].port = 8080;
  config::HttpRoute here = route_to("front-end");
  here.match.emplace_back().source_labels = {{"istio", "ingressgateway"}};
  here.match[0].port = 80;
  world.virtual_service(
      "shop", "v", {"*"},
      {mesh_only, labelled, port, here, route_to("kiali.istio-system.svc.cluster.local")},
      {"mesh", "gw"});
  const Built built = world.build();
  CHECK(cluster_of(built, "x", "/", 8080) == kFrontEnd);
}

TEST_CASE("gateway: proxy-config shows the table under its port") {
  World world = edge();
  world.gateway("shop", "gw", 80, {"*"});
  const Json rows = dump_routes(*world.build().plan, kPod);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("name") == "http.80");
  CHECK(rows[0].at("virtualService") == "404");
}

}  // namespace sm::plan
