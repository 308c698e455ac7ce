// SPDX-License-Identifier: Apache-2.0
#include "plan/naming.h"

#include <doctest/doctest.h>

#include "plan/local_pods.h"
#include "plan/protocol.h"
#include "support/plan_world.h"

namespace sm::plan {

TEST_CASE(
    "naming: names without a dot belong to the resource's namespace, all others are taken as they "
    "are") {
  CHECK(resolve_host("carts", "shop") == "carts.shop.svc.cluster.local");
  CHECK(resolve_host("Carts", "shop") == "carts.shop.svc.cluster.local");
  CHECK(resolve_host("reviews.prod", "shop") == "reviews.prod");
  CHECK(resolve_host("*", "shop") == "*");
  CHECK(resolve_host("*.example.com", "shop") == "*.example.com");
  CHECK(resolve_host("10.0.0.1", "shop") == "10.0.0.1");
  CHECK(resolve_host("fd00::1", "shop") == "fd00::1");
  CHECK(resolve_gateway("gw", "shop") == "shop/gw");
  CHECK(resolve_gateway("edge/gw", "shop") == "edge/gw");
  CHECK(resolve_gateway("mesh", "shop") == "mesh");
}

TEST_CASE("naming: a wildcard covers one or more labels, but not the bare name") {
  const std::vector<std::tuple<std::string, std::string, bool>> rows = {
      {"a.x.com", "*.x.com", true},
      {"b.a.x.com", "*.x.com", true},
      {"x.com", "*.x.com", false},
      {"*.a.x.com", "*.x.com", true},
      {"*.x.com", "*.a.x.com", false},
      {"a", "*", true},
      {"*", "*", true},
      {"*", "*.x.com", false},
      {"*.x.com", "*.x.com", true},
      {"a.x.com", "a.x.com", true},
      {"a.x.com", "b.x.com", false},
      {"ax.com", "*.x.com", false}};
  for (const auto& row : rows) {
    CAPTURE(std::get<0>(row));
    CAPTURE(std::get<1>(row));
    CHECK(host_within(std::get<0>(row), std::get<1>(row)) == std::get<2>(row));
  }
}

TEST_CASE("naming: of two overlapping hosts the more specific one is meant") {
  using Hosts = std::vector<std::string>;
  CHECK(intersect_hosts({"*"}, {"*"}) == Hosts{"*"});
  CHECK(intersect_hosts({"*.example.com"}, {"dev.example.com"}) == Hosts{"dev.example.com"});
  CHECK(intersect_hosts({"dev.example.com"}, {"*"}) == Hosts{"dev.example.com"});
  CHECK(intersect_hosts({"*.example.com"}, {"example.com"}).empty());
  CHECK(intersect_hosts({"a.com", "*"}, {"a.com", "*.b.com"}) == Hosts{"a.com", "*.b.com"});
}

TEST_CASE("naming: exportTo") {
  CHECK(exported_to({}, "a", "b"));
  CHECK(exported_to({"*"}, "a", "b"));
  CHECK(exported_to({"."}, "a", "a"));
  CHECK_FALSE(exported_to({"."}, "a", "b"));
  CHECK_FALSE(exported_to({"~"}, "a", "a"));
  CHECK(exported_to({"c", "b"}, "a", "b"));
  CHECK_FALSE(exported_to({"c"}, "a", "b"));
  CHECK(exported_to({".", "*"}, "a", "b"));
  CHECK(exported_privately({"."}, "a"));
  CHECK(exported_privately({"a"}, "a"));
  CHECK_FALSE(exported_privately({}, "a"));
  CHECK_FALSE(exported_privately({".", "b"}, "a"));
}

TEST_CASE(
    "naming: age is the timestamp, then name, then namespace; without one namespace, then name") {
  const auto made = [](std::string time, std::string ns, std::string name) {
    config::Metadata out;
    out.ref.namespace_ = std::move(ns);
    out.ref.name = std::move(name);
    out.creation_timestamp = std::move(time);
    return out;
  };
  CHECK(is_older(made("2021-01-01T00:00:00Z", "z", "z"), made("2022-01-01T00:00:00Z", "a", "a")));
  CHECK(is_older(made("2021-01-01T00:00:00Z", "z", "a"), made("2021-01-01T00:00:00Z", "a", "b")));
  CHECK(is_older(made("2021-01-01T00:00:00Z", "a", "a"), made("2021-01-01T00:00:00Z", "b", "a")));
  CHECK(is_older(made("", "a", "z"), made("", "b", "a")));
  CHECK_FALSE(is_older(made("", "a", "a"), made("", "a", "a")));
}

TEST_CASE("protocol: by appProtocol, then the port's name, then the port") {
  struct Row {
    std::string name;
    std::string app_protocol;
    std::uint16_t port;
    Protocol expected;
  };
  const std::vector<Row> rows = {{"http", "", 80, Protocol::kHttp},
                                 {"http-front-end", "", 80, Protocol::kHttp},
                                 {"HTTP-x", "", 80, Protocol::kHttp},
                                 {"http2", "", 80, Protocol::kHttp},
                                 {"grpc-x", "", 80, Protocol::kHttp},
                                 {"grpc-web-x", "", 80, Protocol::kHttp},
                                 {"http_proxy", "", 80, Protocol::kHttp},
                                 {"tcp-rabbitmq", "", 5672, Protocol::kTcp},
                                 {"mongo-x", "", 27017, Protocol::kTcp},
                                 {"mysql", "", 3306, Protocol::kTcp},
                                 {"redis", "", 6379, Protocol::kTcp},
                                 {"https", "", 443, Protocol::kTcp},
                                 {"tls-x", "", 443, Protocol::kTcp},
                                 {"8080", "", 8080, Protocol::kAuto},
                                 {"httpx", "", 80, Protocol::kAuto},
                                 {"", "", 80, Protocol::kAuto},
                                 {"web", "", 3306, Protocol::kTcp},
                                 {"", "", 25, Protocol::kTcp},
                                 {"", "", 53, Protocol::kTcp},
                                 {"", "", 27017, Protocol::kTcp},
                                 {"tcp", "http", 80, Protocol::kHttp},
                                 {"http", "tcp", 80, Protocol::kTcp},
                                 {"tcp", "kubernetes.io/h2c", 80, Protocol::kHttp},
                                 {"tcp", "kubernetes.io/ws", 80, Protocol::kHttp},
                                 {"http", "kubernetes.io/wss", 80, Protocol::kTcp},
                                 {"http", "unheard.of/x", 80, Protocol::kAuto}};
  for (const Row& row : rows) {
    config::ServicePort port;
    port.name = row.name;
    port.app_protocol = row.app_protocol;
    port.port = row.port;
    CAPTURE(row.name);
    CAPTURE(row.app_protocol);
    CHECK(select_protocol(port) == row.expected);
  }
}

TEST_CASE("local pods: concurrency out of proxy.istio.io/config, in YAML and in JSON") {
  CHECK(wanted_concurrency("concurrency: 2\n", 1) == 2);
  CHECK(wanted_concurrency("holdApplicationUntilProxyStarts: true\nconcurrency: 0", 1) == 0);
  CHECK(wanted_concurrency(R"({"concurrency":4,"x":1})", 1) == 4);
  CHECK(wanted_concurrency(R"({"concurrency": "3"})", 1) == 3);
  CHECK(wanted_concurrency("tracing: {}", 1) == 1);
  CHECK(wanted_concurrency("concurrency: many", 1) == 1);
  CHECK(wanted_concurrency("concurrency: 99999999999999999999", 1) == 1);
}

}  // namespace sm::plan
