// SPDX-License-Identifier: Apache-2.0
#include "plan/services.h"

#include <doctest/doctest.h>

#include "support/plan_world.h"

namespace sm::plan {

namespace {

// The endpoints of a Service's first port as "10.0.0.1:80=shop/pod ...".
std::string endpoints(const World& world, const std::string& fqdn) {
  const WorkloadIndex workloads(world.snapshot, &world.enrolled);
  const ServiceIndex services(world.snapshot, workloads);
  std::string out;
  for (const Endpoint& endpoint : services.find(fqdn)->ports.front().endpoints) {
    if (!out.empty()) out += " ";
    out += endpoint.address.to_string() + "=" +
           (endpoint.workload == nullptr ? "" : endpoint.workload->key);
  }
  return out;
}

config::Endpoints& slice(World& world, const std::string& service, bool is_slice,
                         std::vector<config::EndpointAddress> addresses) {
  auto out = std::make_shared<config::Endpoints>();
  out->meta = world.meta(is_slice ? "EndpointSlice" : "Endpoints", "shop", service + "-x");
  out->service = service;
  out->is_slice = is_slice;
  out->endpoints = std::move(addresses);
  out->ports.push_back({"http", 8079, ""});
  world.snapshot.endpoints.push_back(out);
  return *out;
}

}  // namespace

TEST_CASE(
    "services: without endpoint objects the Ready pods that the selector finds, with their own "
    "named ports") {
  World world;
  config::Service& service = world.service("shop", "web", {{"http", 80, 0}}, "10.96.0.1");
  service.ports.front().target_port = std::string("main");
  const config::Labels labels = {{"app", "web"}};
  world.pod("shop", "b", labels, "10.0.0.2").ports = {{"other", 1}, {"main", 8080}};
  world.pod("shop", "a", labels, "10.0.0.1").ports = {{"main", 9090}};
  world.pod("shop", "no-such-port", labels, "10.0.0.3");
  world.pod("shop", "not-ready", labels, "10.0.0.4").ready = false;
  world.pod("shop", "going", labels, "10.0.0.5").deleting = true;
  world.pod("shop", "over", labels, "10.0.0.6").phase = "Succeeded";
  world.pod("shop", "other-app", {{"app", "db"}}, "10.0.0.7").ports = {{"main", 1}};
  world.pod("elsewhere", "web", labels, "10.0.0.8").ports = {{"main", 1}};
  for (const auto& pod : world.snapshot.pods) {
    if (pod->ports.empty() && pod->meta.ref.name != "no-such-port") {
      std::const_pointer_cast<config::Pod>(pod)->ports = {{"main", 8080}};
    }
  }
  CHECK(endpoints(world, "web.shop.svc.cluster.local") ==
        "10.0.0.1:9090=shop/a 10.0.0.2:8080=shop/b");
}

TEST_CASE("services: a target port that is a number, a pod of two families, and no selector") {
  World world;
  world.service("shop", "web", {{"http", 80, 8080}}, "10.96.0.1");
  world.pod("shop", "web-1", {{"app", "web"}}, "fd00::1").ips.push_back(ip("10.0.0.1"));
  CHECK(endpoints(world, "web.shop.svc.cluster.local") == "10.0.0.1:8080=shop/web-1");
  world.service("shop", "none", {{"http", 80, 8080}}, "10.96.0.2").selector.clear();
  CHECK(endpoints(world, "none.shop.svc.cluster.local").empty());
}

TEST_CASE(
    "services: endpoint objects replace the selector, slices win over Endpoints, unready addresses "
    "are left out") {
  World world;
  world.workload("shop", "web", {{"http", 80, 8080}}, "10.96.0.1", "10.0.0.1");
  slice(world, "web", false, {{{ip("10.0.0.9")}, true, ""}});
  CHECK(endpoints(world, "web.shop.svc.cluster.local") == "10.0.0.9:8079=");
  slice(world, "web", true,
        {{{ip("10.0.0.1")}, true, "web-1"},
         {{ip("10.0.0.3")}, false, ""},
         {{ip("10.0.0.2")}, true, ""},
         {{ip("10.0.0.2")}, true, ""}});
  CHECK(endpoints(world, "web.shop.svc.cluster.local") ==
        "10.0.0.1:8079=shop/web-1 10.0.0.2:8079=");
}

TEST_CASE("services: a slice's port belongs to the service port of its name") {
  World world;
  world.service("shop", "web", {{"http", 80, 8080}, {"admin", 81, 8081}}, "10.96.0.1");
  slice(world, "web", true, {{{ip("10.0.0.2")}, true, ""}}).ports = {{"admin", 9000, ""},
                                                                     {"http", 9001, ""}};
  const WorkloadIndex workloads(world.snapshot, &world.enrolled);
  const ServiceIndex services(world.snapshot, workloads);
  const KnownService* web = services.find("web.shop.svc.cluster.local");
  CHECK(web->port(80)->endpoints.front().address.port == 9001);
  CHECK(web->port(81)->endpoints.front().address.port == 9000);
}

TEST_CASE("services: UDP ports and ExternalName are not proxied") {
  World world;
  config::Service& dns = world.service("shop", "dns", {{"dns", 53, 53}}, "10.96.0.1");
  dns.ports.front().protocol = "UDP";
  world.service("shop", "out", {{"http", 80, 80}}).type = "ExternalName";
  const WorkloadIndex workloads(world.snapshot, &world.enrolled);
  const ServiceIndex services(world.snapshot, workloads);
  CHECK(services.find("dns.shop.svc.cluster.local")->ports.empty());
  CHECK(services.find("dns.shop.svc.cluster.local")->only_port() == 53);
  CHECK(services.find("out.shop.svc.cluster.local") == nullptr);
}

TEST_CASE("workloads: addresses of pods that ended, share the host's, or are replaced") {
  World world;
  world.pod("shop", "over", {}, "10.0.0.1").phase = "Failed";
  world.pod("shop", "host", {}, "10.0.0.2").host_network = true;
  world.pod("shop", "going", {}, "10.0.0.3").deleting = true;
  world.pod("shop", "next", {}, "10.0.0.3");
  const Built built = world.build();
  CHECK(built.plan->workload_at(ip("10.0.0.1")) == nullptr);
  CHECK(built.plan->workload_at(ip("10.0.0.2")) == nullptr);
  CHECK(built.plan->workload_at(ip("10.0.0.3"))->name == "next");
  CHECK(built.plan->workload_at(ip("10.0.0.3"))->identity ==
        "spiffe://cluster.local/ns/shop/sa/default");
}

TEST_CASE("inbound: a pod's ports are those that Services name, all others TCP") {
  World world;
  world.workload("shop", "web", {{"http", 80, 8079}, {"8080", 8080, 8080}, {"mysql", 3306, 3306}},
                 "10.96.0.1", "10.0.0.1");
  world.pod("shop", "remote", {{"app", "web"}}, "10.0.1.1", "node-b");
  // A pod that is not Ready is reached all the same: by probes.
  for (const auto& pod : world.snapshot.pods)
    std::const_pointer_cast<config::Pod>(pod)->ready = false;
  const Built built = world.build();
  const LocalPod* pod = built.plan->pod("shop/web-1");
  REQUIRE(pod != nullptr);
  CHECK(pod->inbound_port(8079).protocol == Protocol::kHttp);
  CHECK(pod->inbound_port(8079).cluster_name == "inbound|8079||");
  CHECK(pod->inbound_port(8079).service == "web.shop.svc.cluster.local");
  CHECK(pod->inbound_port(8080).protocol == Protocol::kAuto);
  CHECK(pod->inbound_port(3306).protocol == Protocol::kTcp);
  CHECK(pod->inbound_port(80).cluster_name == "InboundPassthroughCluster");
  CHECK(pod->inbound_port(80).protocol == Protocol::kTcp);
  CHECK(built.plan->pod("shop/remote") == nullptr);
}

}  // namespace sm::plan
