// SPDX-License-Identifier: Apache-2.0
// What clients reach: virtual hosts, VirtualServices of the mesh, services by address.
#include "plan/virtual_hosts.h"

#include <doctest/doctest.h>

#include "plan/dump.h"
#include "support/plan_world.h"

namespace sm::plan {

namespace {

constexpr const char* kClient = "shop/web-1";

World shop() {
  World world;
  world.workload("shop", "web", {{"http", 80, 8079}}, "10.96.0.1", "10.0.0.1");
  world.workload("shop", "cart", {{"http", 80, 8080}}, "10.96.0.2", "10.0.0.2");
  world.workload("other", "far", {{"http", 80, 8080}}, "10.96.0.3", "10.0.1.1", "node-b");
  world.workload("shop", "db", {{"mysql", 3306, 3306}}, "10.96.0.4", "10.0.0.4");
  world.workload("shop", "queue", {{"8161", 8161, 8161}}, "10.96.0.5", "10.0.0.5");
  return world;
}

OutboundChoice choose(const Built& built, const std::string& destination) {
  return choose_outbound(*built.plan, *built.plan->pod(kClient)->outbound, address(destination));
}

std::string cluster_of(const Built& built, const std::string& authority,
                       const std::string& path = "/") {
  return first_cluster(outbound_route(*built.plan, kClient, request(authority, path)));
}

}  // namespace

TEST_CASE("outbound: a service's domains, the short name from its own namespace only") {
  const Built built = shop().build();
  const std::string cart = "outbound|80||cart.shop.svc.cluster.local";
  for (const char* authority : {"cart", "cart.shop", "cart.shop.svc", "cart.shop.svc.cluster.local",
                                "cart.shop.svc.cluster.local.", "10.96.0.2", "Cart:8080"}) {
    CAPTURE(authority);
    CHECK(cluster_of(built, authority) == cart);
    CHECK(outbound_route(*built.plan, kClient, request(authority, "/"))->name == "default");
  }
  CHECK(cluster_of(built, "far.other") == "outbound|80||far.other.svc.cluster.local");
  CHECK(cluster_of(built, "far") == "PassthroughCluster");
  CHECK(cluster_of(built, "example.com") == "PassthroughCluster");
  CHECK(outbound_route(*built.plan, kClient, request("example.com", "/"))->name == "allow_any");
  CHECK(built.plan->pod("other/far-1") == nullptr);
}

TEST_CASE(
    "outbound: the Host header chooses on HTTP ports whatever the address, the address on TCP "
    "ports") {
  const Built built = shop().build();
  CHECK(choose(built, "10.96.0.2:80").protocol == Protocol::kHttp);
  CHECK(choose(built, "192.0.2.1:80").protocol == Protocol::kHttp);
  CHECK(choose(built, "192.0.2.1:80").routes == choose(built, "10.96.0.2:80").routes);
  CHECK(choose(built, "192.0.2.1:80").l4->name == "PassthroughCluster");
  const OutboundChoice db = choose(built, "10.96.0.4:3306");
  CHECK(db.protocol == Protocol::kTcp);
  CHECK(db.routes == nullptr);
  CHECK(db.l4->name == "outbound|3306||db.shop.svc.cluster.local");
  for (const char* unknown :
       {"10.96.0.4:3307", "192.0.2.1:3306", "10.0.0.1:8079", "10.0.0.4:3306"}) {
    CAPTURE(unknown);
    CHECK(choose(built, unknown).protocol == Protocol::kTcp);
    CHECK(choose(built, unknown).routes == nullptr);
    CHECK(choose(built, unknown).l4->name == "PassthroughCluster");
  }
}

TEST_CASE("outbound: on an auto port the address has chosen the service, whatever Host says") {
  const Built built = shop().build();
  const OutboundChoice queue = choose(built, "10.96.0.5:8161");
  CHECK(queue.protocol == Protocol::kAuto);
  CHECK(queue.l4->name == "outbound|8161||queue.shop.svc.cluster.local");
  REQUIRE(queue.routes != nullptr);
  CHECK(queue.routes->find("anything")->routes.front().destinations.front().cluster == queue.l4);
  CHECK(choose(built, "192.0.2.1:8161").protocol == Protocol::kTcp);
}

TEST_CASE("outbound: REGISTRY_ONLY answers 502 to unknown hosts and refuses unknown addresses") {
  World world = shop();
  world.snapshot.mesh.registry_only = true;
  const Built built = world.build();
  const Route* route = outbound_route(*built.plan, kClient, request("example.com", "/"));
  REQUIRE(route != nullptr);
  CHECK(route->name == "block_all");
  CHECK(route->direct->status == 502);
  CHECK(route->direct->body.empty());
  CHECK(choose(built, "192.0.2.1:9").l4->kind == Cluster::Kind::kBlackHole);
  CHECK(choose(built, "10.96.0.4:3306").l4->kind == Cluster::Kind::kEndpoints);
}

TEST_CASE("outbound: headless services are reached at their pods, and a connection keeps its pod") {
  World world = shop();
  world.workload("shop", "set", {{"tcp", 7000, 7001}, {"http", 80, 80}}, "", "10.0.0.9");
  const_cast<config::Service&>(*world.snapshot.services.back()).headless = true;
  world.gateway_pod("10.0.0.100");
  world.gateway("shop", "gw", 8000, {"*"});
  world.virtual_service("shop", "edge", {"*"}, {route_to("set")}, {"gw"})
      .http[0]
      .route[0]
      .destination.port = 80;
  const Built built = world.build();
  const OutboundChoice tcp = choose(built, "10.0.0.9:7001");
  CHECK(tcp.l4->name == "outbound|7000||set.shop.svc.cluster.local");
  CHECK(tcp.l4->kind == Cluster::Kind::kOriginalDestination);
  CHECK(tcp.l4->endpoints.size() == 1);
  CHECK(choose(built, "10.0.0.9:7000").l4->name == "PassthroughCluster");
  const Route* route =
      outbound_route(*built.plan, kClient, request("pod-0.set.shop.svc.cluster.local", "/"));
  CHECK(first_cluster(route) == "outbound|80||set.shop.svc.cluster.local");
  CHECK(route->destinations.front().cluster->kind == Cluster::Kind::kOriginalDestination);
  // A gateway has no such choice to keep.
  const Route* edge = gateway_route(*built.plan, "istio-system/ingress-1", request("x", "/"), 8000);
  REQUIRE(edge != nullptr);
  CHECK(edge->destinations.front().cluster->kind == Cluster::Kind::kEndpoints);
}

TEST_CASE(
    "outbound: a VirtualService routes by its matches, in order, and what follows an unconditional "
    "route is dropped") {
  World world = shop();
  world.rule("shop", "cart", "cart", {"v1", "v2"});
  config::HttpRoute beta = route_to("cart", "v2");
  beta.name = "beta";
  beta.match.resize(2);
  beta.match[0].uri = prefix("/beta");
  beta.match[1].name = "by-header";
  beta.match[1].headers = {{"x-beta", exact("1")}};
  world.virtual_service("shop", "cart", {"cart"},
                        {beta, route_to("cart", "v1"), prefix_route("/late", "web")});
  const Built built = world.build();
  CHECK(cluster_of(built, "cart", "/beta/x") == "outbound|80|v2|cart.shop.svc.cluster.local");
  CHECK(cluster_of(built, "cart", "/late") == "outbound|80|v1|cart.shop.svc.cluster.local");
  const Route* route =
      outbound_route(*built.plan, kClient, request("cart", "/", {{"x-beta", "1"}}));
  CHECK(route->name == "beta.by-header");
  CHECK(route->origin.resource == "cart");
  CHECK(route->origin.index == 0);
  CHECK(route->origin.match_index == 1);
  CHECK(route->origin.file == "demo.yaml");
  // v2 has no pod, which is another thing than not existing.
  CHECK(route->destinations.front().cluster != nullptr);
  CHECK(route->destinations.front().cluster->endpoints.empty());
  CHECK(route->destinations.front().cluster->destination_rule == "cart.shop");
  CHECK_FALSE(has_finding(built.findings, "IST0101"));
}

TEST_CASE(
    "outbound: an unknown subset or host stays in its route without a cluster, with a finding at "
    "its place") {
  World world = shop();
  world.rule("shop", "cart", "cart", {"v2"});
  world.virtual_service("shop", "cart", {"cart"}, {route_to("cart", "v1")});
  world.virtual_service("shop", "web", {"web"}, {route_to("nobody")});
  const Built built = world.build();
  const Route* cart = outbound_route(*built.plan, kClient, request("cart", "/"));
  CHECK(first_cluster(cart) == "outbound|80|v1|cart.shop.svc.cluster.local");
  CHECK(cart->destinations.front().cluster == nullptr);
  const Route* web = outbound_route(*built.plan, kClient, request("web", "/"));
  CHECK(first_cluster(web) == "outbound|80||nobody.shop.svc.cluster.local");
  CHECK(web->destinations.front().cluster == nullptr);
  REQUIRE(built.findings.size() == 2);
  const config::Finding& subset =
      built.findings[0].object.name == "cart" ? built.findings[0] : built.findings[1];
  CHECK(subset.code == "IST0101");
  CHECK(subset.mark.line == 12);
  CHECK(subset.path == "spec.http[0].route[0].destination.subset");
  CHECK(subset.remedy == "known subsets: v2");
}

TEST_CASE(
    "outbound: the port of a destination is its own, else the service's only one, else the dialled "
    "one") {
  World world = shop();
  world.workload("shop", "two", {{"http", 80, 8080}, {"http-admin", 81, 8081}}, "10.96.0.9",
                 "10.0.0.9");
  world.workload("shop", "one", {{"http", 8000, 8080}}, "10.96.0.10", "10.0.0.10");
  config::HttpRoute named = prefix_route("/named", "two");
  named.route[0].destination.port = 81;
  config::HttpRoute wrong = prefix_route("/wrong", "two");
  wrong.route[0].destination.port = 82;
  world.virtual_service("shop", "cart", {"cart"},
                        {named, wrong, prefix_route("/two", "two"), prefix_route("/one", "one")});
  const Built built = world.build();
  CHECK(cluster_of(built, "cart", "/named") == "outbound|81||two.shop.svc.cluster.local");
  CHECK(cluster_of(built, "cart", "/two") == "outbound|80||two.shop.svc.cluster.local");
  CHECK(cluster_of(built, "cart", "/one") == "outbound|8000||one.shop.svc.cluster.local");
  CHECK(cluster_of(built, "cart", "/wrong") == "outbound|82||two.shop.svc.cluster.local");
  CHECK(has_finding(built.findings, "IST0101"));
}

TEST_CASE("outbound: the oldest VirtualService of a host wins, an exact host over a wildcard") {
  World world = shop();
  world.virtual_service("shop", "young", {"cart"}, {route_to("web")}).meta.creation_timestamp =
      "2022-01-01T00:00:00Z";
  world
      .virtual_service("shop", "wild", {"*.shop.svc.cluster.local"},
                       {route_to("far.other.svc.cluster.local")})
      .meta.creation_timestamp = "2020-01-01T00:00:00Z";
  world.virtual_service("shop", "old", {"cart"}, {route_to("cart")}).meta.creation_timestamp =
      "2021-01-01T00:00:00Z";
  const Built built = world.build();
  CHECK(cluster_of(built, "cart") == "outbound|80||cart.shop.svc.cluster.local");
  CHECK(cluster_of(built, "web") == "outbound|80||far.other.svc.cluster.local");
  CHECK(has_finding(built.findings, "IST0109"));
}

TEST_CASE(
    "outbound: VirtualServices without http, of other gateways, not exported, or for TCP ports "
    "change nothing") {
  World world = shop();
  world.virtual_service("shop", "empty", {"cart"}, {});
  world.virtual_service("other", "hidden", {"cart.shop.svc.cluster.local"}, {route_to("far")})
      .export_to = {"."};
  world.virtual_service("shop", "edge", {"web"}, {route_to("cart")}, {"gw"});
  world.virtual_service("shop", "db", {"db"}, {route_to("db", "v1")});
  const Built built = world.build();
  CHECK(outbound_route(*built.plan, kClient, request("cart", "/"))->name == "default");
  CHECK(cluster_of(built, "web") == "outbound|80||web.shop.svc.cluster.local");
  CHECK(choose(built, "10.96.0.4:3306").l4->name == "outbound|3306||db.shop.svc.cluster.local");
  CHECK(built.findings.empty());
}

TEST_CASE("outbound: a host that is no Service is served on port 80, or on its companions' ports") {
  World world = shop();
  world.virtual_service("shop", "ext", {"ext.example", "*.ext.example"}, {route_to("cart")});
  const Built built = world.build();
  CHECK(cluster_of(built, "ext.example") == "outbound|80||cart.shop.svc.cluster.local");
  CHECK(cluster_of(built, "a.b.ext.example") == "outbound|80||cart.shop.svc.cluster.local");
}

TEST_CASE(
    "outbound: routes for other clients leave the default route to those for whom none is meant") {
  World world = shop();
  config::HttpRoute special = prefix_route("/x", "web");
  special.match[0].source_labels = {{"app", "cart"}};
  world.virtual_service("shop", "cart", {"cart"}, {special});
  const Built built = world.build();
  CHECK(outbound_route(*built.plan, "shop/web-1", request("cart", "/x"))->name == "default");
  CHECK(first_cluster(outbound_route(*built.plan, "shop/cart-1", request("cart", "/x"))) ==
        "outbound|80||web.shop.svc.cluster.local");
  // For this client there are routes, none of which matches: 404.
  CHECK(outbound_route(*built.plan, "shop/cart-1", request("cart", "/y")) == nullptr);
}

TEST_CASE("outbound: matches for another gateway or port are left out") {
  World world = shop();
  config::HttpRoute gateway_only = route_to("web");
  gateway_only.match.emplace_back().gateways = {"gw"};
  config::HttpRoute port_only = route_to("web");
  port_only.match.emplace_back().port = 81;
  config::HttpRoute here = route_to("cart");
  here.match.emplace_back().gateways = {"mesh"};
  here.match.back().port = 80;
  world.virtual_service("shop", "cart", {"cart"},
                        {gateway_only, port_only, here, prefix_route("/", "web")}, {"mesh", "gw"});
  const Built built = world.build();
  CHECK(cluster_of(built, "cart") == "outbound|80||cart.shop.svc.cluster.local");
}

TEST_CASE("outbound: a destination that is not exported to the client does not exist for it") {
  World world = shop();
  for (const auto& service : world.snapshot.services) {
    if (service->meta.ref.name == "far") {
      std::const_pointer_cast<config::Service>(service)
          ->meta.annotations["networking.istio.io/exportTo"] = ".";
    }
  }
  world.virtual_service("shop", "cart", {"cart"}, {route_to("far.other.svc.cluster.local")});
  const Built built = world.build();
  CHECK(cluster_of(built, "far.other") == "PassthroughCluster");
  CHECK(outbound_route(*built.plan, kClient, request("cart", "/"))->destinations.front().cluster ==
        nullptr);
}

TEST_CASE(
    "outbound: header operations on the authority are host rewrites, removing it is refused") {
  World world = shop();
  config::HttpRoute route = route_to("cart");
  route.request_headers.set = {{"Host", "route"}, {"x-a", "1"}};
  route.request_headers.remove = {"host", ":path", "x-b"};
  route.route[0].request_headers.set = {{":authority", "destination"}};
  route.route[0].request_headers.add = {{"x-a", "2"}};
  world.virtual_service("shop", "cart", {"cart"}, {route});
  const Built built = world.build();
  http::RequestHead head = request("cart", "/", {{"x-b", "1"}});
  const Route* found = outbound_route(*built.plan, kClient, head);
  REQUIRE(found != nullptr);
  apply_to_request(*found, found->destinations.front(), head, {});
  CHECK(head.authority == "route");  // the route's is stronger
  CHECK(head.path == "/");
  CHECK_FALSE(head.headers.has("x-b"));
  CHECK(head.headers.count("x-a") == 2);
  CHECK(has_finding(built.findings, "SM0903"));
}

TEST_CASE("outbound: mirrors with their share, none at zero percent") {
  World world = shop();
  config::HttpRoute route = route_to("cart");
  route.mirrors.push_back({to("web").destination, 12.5});
  route.mirrors.push_back({to("far.other.svc.cluster.local").destination, 0});
  route.mirrors.push_back({to("cart", "v9").destination, 100});
  world.virtual_service("shop", "cart", {"cart"}, {route});
  const Built built = world.build();
  const Route* found = outbound_route(*built.plan, kClient, request("cart", "/"));
  REQUIRE(found->mirrors.size() == 2);
  CHECK(found->mirrors[0].per_million == 125'000);
  CHECK(found->mirrors[0].cluster->name == "outbound|80||web.shop.svc.cluster.local");
  CHECK(found->mirrors[1].cluster == nullptr);
}

TEST_CASE("outbound: namespaces share hosts and clusters that are equal, and only those") {
  World world = shop();
  world.pod("third", "x", {}, "10.0.0.50");
  world.pod("other", "y", {}, "10.0.0.51");
  world.rule("third", "mine", "cart.shop.svc.cluster.local", {"v1"});
  const Built built = world.build();
  const auto cart = [&](const std::string& client) {
    const auto& table = built.plan->pod(client)->outbound->ports.at(80).routes;
    return table.find("cart.shop");
  };
  const auto web = [&](const std::string& client) {
    return built.plan->pod(client)->outbound->ports.at(80).routes.find("web.shop");
  };
  CHECK(web("third/x") == web("other/y"));
  CHECK(web("third/x") != web("shop/web-1"));
  CHECK(cart("third/x") != cart("other/y"));
  CHECK(cart("third/x")->routes[0].destinations[0].cluster->destination_rule == "mine.third");
  CHECK(cart("other/y")->routes[0].destinations[0].cluster->destination_rule.empty());
  CHECK(web("shop/web-1")->routes[0].destinations[0].cluster ==
        web("other/y")->routes[0].destinations[0].cluster);
}

TEST_CASE(
    "outbound: ten thousand services, half of them with a VirtualService, for a few namespaces") {
  World world;
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    const std::string net = std::to_string(i / 250) + "." + std::to_string(i % 250);
    world.workload("ns" + std::to_string(i % 4), "svc" + n, {{"http", 80, 8080}}, "10.96." + net,
                   "10.0." + net, i < 8 ? "node-a" : "node-b");
    if (i % 2 == 0) {
      world.virtual_service("ns" + std::to_string(i % 4), "svc" + n, {"svc" + n},
                            {route_to("svc" + n)});
    }
  }
  const Built built = world.build();
  CHECK(built.plan->views.size() == 4);
  CHECK(built.plan->clusters.size() == 10'002);
  CHECK(built.findings.empty());
  const Route* routed = outbound_route(*built.plan, "ns0/svc0-1", request("svc9998.ns2", "/"));
  CHECK(routed->origin.kind == "VirtualService");
  CHECK(routed->destinations.front().cluster->endpoints.size() == 1);
  CHECK(outbound_route(*built.plan, "ns0/svc0-1", request("svc9999.ns3", "/"))->name == "default");
  const auto& one = built.plan->pod("ns0/svc0-1")->outbound->ports.at(80).routes;
  const auto& two = built.plan->pod("ns1/svc1-1")->outbound->ports.at(80).routes;
  CHECK(one.find("svc9998.ns2") == two.find("svc9998.ns2"));
}

TEST_CASE("outbound: proxy-config shows routes, clusters and endpoints") {
  World world = shop();
  world.rule("shop", "cart", "cart", {"v1"});
  world.virtual_service("shop", "cart", {"cart"}, {prefix_route("/x", "cart")});
  const Built built = world.build();
  const Json routes = dump_routes(*built.plan, kClient);
  bool shown = false;
  for (const Json& row : routes) {
    if (row.at("virtualService") != "cart.shop") continue;
    shown = true;
    CHECK(row.at("name") == "80");
    CHECK(row.at("match") == "prefix /x");
    CHECK(row.at("clusters")[0].at("cluster") == "outbound|80||cart.shop.svc.cluster.local");
  }
  CHECK(shown);
  bool subset = false;
  for (const Json& row : dump_clusters(*built.plan, "")) {
    subset = subset || (row.at("subset") == "v1" && row.at("destinationRule") == "cart.shop");
  }
  CHECK(subset);
  bool far = false;
  for (const Json& row : dump_endpoints(*built.plan, kClient)) {
    if (row.at("pod") != "other/far-1") continue;
    far = true;
    CHECK(row.at("endpoint") == "10.0.1.1:8080");
    CHECK(row.at("path") == "other node");
  }
  CHECK(far);
}

}  // namespace sm::plan
