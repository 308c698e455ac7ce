// SPDX-License-Identifier: Apache-2.0
#include "daemon/listener_rows.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
struct World {
  plan::RunPlan plan;
  plan::Workload pod;
  plan::Workload gateway;
  plan::OutboundView view;
  plan::Cluster database;

  World() {
    pod.ips = {*IpAddress::parse("10.0.0.1")};
    gateway.gateway = true;
    database.name = "outbound|3306||db.shop.svc.cluster.local";
    view.ports[80].http = true;
    plan::OutboundPort::Target target;
    target.cluster = &database;
    view.ports[3306].by_address[*IpAddress::parse("10.96.0.5")] = target;
    plan::LocalPod& local = plan.pods["shop/a"];
    local.workload = &pod;
    local.outbound = &view;
    local.inbound[8080] = {8080, plan::Protocol::kHttp, "inbound|8080||", ""};
    plan::LocalPod& gate = plan.pods["shop/gw"];
    gate.workload = &gateway;
    gate.gateway_ports[8443];
  }
};

Json find(const Json& rows, const std::string& pod, int port, const std::string& match) {
  for (const Json& row : rows) {
    if (row["pod"] == pod && row["port"] == port && row["match"] == match)
      return row["destination"];
  }
  return nullptr;
}
}  // namespace

TEST_CASE("daemon: listeners show where what a pod sends and receives on each port goes") {
  const World world;
  const Json rows = listener_rows(world.plan, "");
  CHECK(find(rows, "shop/a", 80, "outbound HTTP") == "Route: 80");
  CHECK(find(rows, "shop/a", 3306, "outbound TCP") == "Cluster: " + world.database.name);
  CHECK(find(rows, "shop/a", 8080, "inbound HTTP") == "Cluster: inbound|8080||");
  CHECK(find(rows, "shop/gw", 8443, "gateway HTTP") == "Route: 8443");
  for (const Json& row : listener_rows(world.plan, "shop/gw")) CHECK(row["pod"] == "shop/gw");
  CHECK(listener_rows(world.plan, "shop/none").empty());
}

TEST_CASE("daemon: what a pod leaves out comes before what it has captured") {
  World world;
  CHECK(find(listener_rows(world.plan, "shop/a"), "shop/a", 3306, "outbound, excluded").is_null());
  CaptureLists& lists = world.plan.pods["shop/a"].lists;
  lists.out_ports_exclude = {3306};
  lists.out_exclude = {*Cidr::parse("192.0.2.0/24")};
  lists.in_ports_exclude = {9000};
  Json rows = listener_rows(world.plan, "shop/a");
  CHECK(rows[0]["match"] == "outbound, excluded");
  CHECK(find(rows, "shop/a", 3306, "outbound, excluded") == "past the mesh");
  CHECK(rows[1]["address"] == "192.0.2.0/24");
  CHECK(rows[1]["port"].is_null());
  CHECK(find(rows, "shop/a", 9000, "inbound, excluded") == "the application itself");
  lists = {};
  lists.all_out = lists.all_in = false;
  lists.out_include = {*Cidr::parse("fd00::/8")};
  lists.in_ports_include = {8080};
  rows = listener_rows(world.plan, "shop/a");
  CHECK(rows[0]["address"] == "fd00::/8");
  CHECK(rows[0]["destination"] == "captured");
  CHECK(rows[1]["match"] == "outbound, not included");
  CHECK(rows[1]["address"] == "*");
  CHECK(find(rows, "shop/a", 8080, "inbound, included") == "captured");
  CHECK(rows[3]["match"] == "inbound, not included");
}

TEST_CASE("daemon: a workload that a policy keeps shut is shown as refused, with the reason") {
  World world;
  world.plan.pods["shop/a"].denied_because = "AuthorizationPolicy shop/p";
  CHECK(find(listener_rows(world.plan, "shop/a"), "shop/a", 8080, "inbound HTTP") ==
        "refused: AuthorizationPolicy shop/p");
}

}  // namespace sm::daemon
