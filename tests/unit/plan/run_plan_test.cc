// SPDX-License-Identifier: Apache-2.0
#include "plan/run_plan.h"
#include <doctest/doctest.h>

#include "plan/dump.h"
#include "plan/explain.h"
#include "support/plan_world.h"

namespace sm::plan {

namespace {

// shop/cart-1 leaves port 8080 out inbound, shop/web-1 port 3306 and 192.0.2.0/24 outbound.
class Shop {
 public:
  World world;

  Shop() {
    world.workload("shop", "cart", {{"http", 80, 8080}, {"tcp", 90, 9000}}, "10.96.0.2",
                   "10.0.0.2");
    world.workload("shop", "db", {{"mysql", 3306, 3306}}, "10.96.0.4", "10.0.0.4");
    pod("web").lists.out_ports_exclude = {3306};
    pod("web").lists.out_exclude = {Cidr::parse("192.0.2.0/24").value()};
    world.snapshot.pods.front() = leave_out(8080);
  }

  Json ask(const std::string& url) const {
    const auto request = ExplainRequest::from_json(Json{{"from", "shop/web-1"}, {"url", url}});
    REQUIRE(request.ok());
    const auto answer = explain(*world.build().plan, *request);
    REQUIRE(answer.ok());
    return *answer;
  }

 private:
  config::Pod& pod(const std::string& name) {
    if (x_web == nullptr) {
      world.service("shop", name, {{"http", 80, 8079}}, "10.96.0.1");
      x_web = &world.pod("shop", name + "-1", {{"app", name}}, "10.0.0.1");
    }
    return *x_web;
  }
  std::shared_ptr<const config::Pod> leave_out(std::uint16_t port) const {
    auto changed = std::make_shared<config::Pod>(*world.snapshot.pods.front());
    changed->lists.in_ports_exclude = {port};
    return changed;
  }

  config::Pod* x_web = nullptr;
};

}  // namespace

TEST_CASE("capture lists: a port that a pod leaves out has no server side on its node") {
  const Shop shop;
  const Built built = shop.world.build();
  const LocalPod* taken = built.plan->server_at(address("10.0.0.2:9000"));
  REQUIRE(taken != nullptr);
  CHECK(taken->workload->key == "shop/cart-1");
  CHECK(built.plan->server_at(address("10.0.0.2:8080")) == nullptr);
  CHECK(built.plan->server_at(address("192.0.2.1:8080")) == nullptr);
}

TEST_CASE("capture lists: gateways and pods of other nodes have no server side here") {
  World world;
  world.gateway_pod("10.0.0.9");
  world.pod("shop", "far", {}, "10.0.0.3", "node-b");
  const Built built = world.build();
  CHECK(built.plan->server_at(address("10.0.0.9:8080")) == nullptr);
  CHECK(built.plan->server_at(address("10.0.0.3:8080")) == nullptr);
}

TEST_CASE("capture lists: endpoints at a port that is left out are shown as outside") {
  const Shop shop;
  const Built built = shop.world.build();
  int seen = 0;
  for (const Json& row : dump_endpoints(*built.plan, "shop/web-1")) {
    if (row["endpoint"] == "10.0.0.2:8080") {
      CHECK(row["path"] == "outside");
      ++seen;
    } else if (row["endpoint"] == "10.0.0.2:9000") {
      CHECK(row["path"] == "same node");
      ++seen;
    }
  }
  CHECK(seen == 2);
}

TEST_CASE("capture lists: explain says of a destination that is left out that it is not captured") {
  const Shop shop;
  for (const char* url : {"tcp://10.96.0.4:3306", "http://192.0.2.7/", "tcp://192.0.2.7:443"}) {
    CAPTURE(url);
    const Json answer = shop.ask(url);
    CHECK(answer["verdict"] == "passthrough");
    CHECK(answer["details"] == "not_captured");
    CHECK(answer["destinations"].empty());
    CHECK(answer["upstream"].is_null());
  }
  const Json taken = shop.ask("http://cart/");
  CHECK(taken["verdict"] == "route");
  const Json& endpoint = taken["destinations"][0]["endpoints"][0];
  CHECK(endpoint["used"] == true);
  CHECK(endpoint["because"].get<std::string>().find("leave this port out") != std::string::npos);
}

TEST_CASE("capture lists: the policy of a pod does not close the port that it leaves out") {
  Shop shop;
  auto policy = std::make_shared<config::SecurityPolicy>();
  policy->meta = shop.world.meta("AuthorizationPolicy", "shop", "p");
  policy->selector = {{"app", "cart"}};
  policy->action = "ALLOW";
  shop.world.snapshot.security_policies.push_back(policy);
  CHECK(shop.ask("tcp://10.96.0.2:90")["verdict"] == "deny");
  CHECK(shop.ask("http://cart/")["verdict"] == "route");
}

}  // namespace sm::plan
