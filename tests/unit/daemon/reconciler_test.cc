// SPDX-License-Identifier: Apache-2.0
#include "daemon/reconciler.h"

#include <doctest/doctest.h>

#include "unit/daemon/reconciler_bench.h"

namespace sm::daemon {

TEST_CASE(
    "daemon: each worker gets pods and plan together, and a pod is Ready when all have them") {
  Bench bench;
  bench.reconciler.apply(with({kA, kB}));
  REQUIRE(bench.fleet.queue.size() == 2);
  for (const auto& sent : bench.fleet.queue) {
    CHECK(sent.batch.opened.size() == 2);
    REQUIRE(sent.batch.plan);
    CHECK(sent.batch.plan->generation == 1);
    CHECK(sent.batch.plan->pod("shop/a") != nullptr);
  }
  CHECK(bench.gate.state("shop/a") == capture::PodState::kSteered);
  CHECK(bench.reconciler.facts().pods_not_ready_keys.size() == 2);
  bench.fleet.step();
  CHECK(bench.gate.state("shop/a") == capture::PodState::kSteered);
  CHECK(bench.reconciler.facts().carried_out == 0);
  bench.fleet.step();
  CHECK(bench.gate.state("shop/a") == capture::PodState::kReady);
  CHECK(bench.reconciler.facts().carried_out == bench.reconciler.issued());
  CHECK(bench.reconciler.facts().pods_not_ready_keys.empty());
  CHECK(bench.told.progress == 1);
  CHECK(bench.told.owners.size() == 2);
}

TEST_CASE("daemon: a load that changes nothing makes no generation and no work") {
  Bench bench;
  bench.reconciler.apply(with({kA}));
  bench.fleet.run();
  auto same = std::make_shared<config::Snapshot>(*bench.reconciler.snapshot());
  same->findings.push_back({});
  bench.reconciler.apply(same);
  CHECK(bench.fleet.queue.empty());
  CHECK(bench.reconciler.facts().generation == 1);
  CHECK(bench.told.plans == std::vector<std::uint64_t>{1});
  CHECK(bench.reconciler.snapshot() == same);
}

TEST_CASE("daemon: a pod that is removed leaves the plan and the workers before the kernel side") {
  Bench bench;
  bench.reconciler.apply(with({kA, kB}));
  bench.fleet.run();
  bench.reconciler.apply(with({kA}));
  CHECK(bench.gate.knows("shop/b"));
  CHECK(bench.told.owners.size() == 1);
  REQUIRE(bench.fleet.queue.size() == 2);
  CHECK(bench.fleet.queue[0].batch.plan->pod("shop/b") == nullptr);
  bench.fleet.run();
  CHECK_FALSE(bench.gate.knows("shop/b"));
  CHECK(bench.at("worker 0 lets go of shop/b") < bench.at("kernel lets go of shop/b"));
  CHECK(bench.at("worker 1 lets go of shop/b") < bench.at("kernel lets go of shop/b"));
  CHECK(bench.reconciler.facts().generation == 2);
}

TEST_CASE(
    "daemon: what a pod leaves out changes in the kernel and the plan, and nothing is let go") {
  Bench bench;
  bench.reconciler.apply(with({kA, kB}));
  bench.fleet.run();
  auto some = std::make_shared<config::Pod>(*kA);
  some->lists.in_ports_exclude = {9000};
  for (const auto& version : {std::shared_ptr<const config::Pod>(some), kA}) {
    const std::size_t written = bench.diary.size();
    bench.reconciler.apply(with({version, kB}));
    CHECK(bench.gate.wish("shop/a").lists == version->lists);
    REQUIRE(bench.fleet.queue.size() == 2);
    CHECK(bench.fleet.queue[0].batch.plan->pod("shop/a")->lists == version->lists);
    CHECK(bench.fleet.queue[0].batch.leaving.empty());
    bench.fleet.run();
    CHECK(bench.diary.size() == written);
    CHECK(bench.gate.state("shop/a") == capture::PodState::kReady);
  }
}

TEST_CASE("daemon: a policy that becomes strict reaches the kernel side, and nothing is let go") {
  Bench bench;
  bench.reconciler.apply(with({kA}));
  bench.fleet.run();
  CHECK_FALSE(bench.gate.wish("shop/a").strict);
  auto snapshot = std::make_shared<config::Snapshot>(*with({kA}));
  auto policy = std::make_shared<config::SecurityPolicy>();
  policy->meta.ref = {"PeerAuthentication", "shop", "p", "p.yaml", 1};
  policy->kind = config::SecurityPolicy::Kind::kPeerAuthentication;
  policy->action = "STRICT";
  snapshot->security_policies = {policy};
  const std::size_t written = bench.diary.size();
  bench.reconciler.apply(snapshot);
  CHECK(bench.gate.wish("shop/a").strict);
  bench.fleet.run();
  CHECK(bench.diary.size() == written);
}

TEST_CASE("daemon: a pod goes out of the mesh and in again as its object and its namespace say") {
  Bench bench;
  auto opted_out = std::make_shared<config::Pod>(*kA);
  opted_out->meta.annotations["sidecar.istio.io/inject"] = "false";
  const auto space = [](const char* label) {
    auto made = std::make_shared<config::Namespace>();
    made->meta.ref = {"Namespace", "", "shop", "ns.yaml", 1};
    if (*label != 0) made->meta.labels["istio-injection"] = label;
    return made;
  };
  struct Step {
    std::shared_ptr<const config::Pod> pod;
    std::shared_ptr<const config::Namespace> space;
    bool meshed;
  };
  const std::vector<Step> steps = {
      {kA, nullptr, true},          {opted_out, nullptr, false},
      {kA, nullptr, true},          {kA, space(""), false},
      {kA, space("enabled"), true}, {kA, space("disabled"), false},
      {kA, nullptr, true},          {kA, space("disabled"), false},
      {opted_out, nullptr, false},  {opted_out, space("enabled"), false},
      {kA, space("enabled"), true},
  };
  for (const Step& step : steps) {
    auto snapshot = std::make_shared<config::Snapshot>(*with({step.pod, kB}));
    if (step.space) snapshot->namespaces = {step.space};
    bench.reconciler.apply(snapshot);
    bench.fleet.run();
    REQUIRE(bench.gate.knows("shop/a"));
    CHECK(bench.gate.wish("shop/a").bypass == !step.meshed);
    CHECK(bench.gate.state("shop/a") == capture::PodState::kReady);
    CHECK((bench.reconciler.plan()->pod("shop/a") != nullptr) == step.meshed);
  }
}

TEST_CASE("daemon: a pod that comes back while it leaves is released, then enrolled anew") {
  Bench bench;
  bench.reconciler.apply(with({kA}));
  bench.fleet.run();
  bench.reconciler.apply(with({}));
  bench.reconciler.apply(with({kA}));
  bench.fleet.run();
  CHECK(bench.diary == std::vector<std::string>{
                           "kernel opens shop/a", "ready shop/a", "worker 0 lets go of shop/a",
                           "worker 1 lets go of shop/a", "kernel lets go of shop/a",
                           "kernel opens shop/a", "ready shop/a"});
  CHECK(bench.reconciler.facts().pods_not_ready_keys.empty());
}

TEST_CASE(
    "daemon: a pod without its namespace is waited for and not ready in the plan until it opens") {
  Bench bench;
  bench.gate.missing = {"shop/b"};
  bench.reconciler.apply(with({kA, kB}));
  CHECK(bench.reconciler.waits_for_pods());
  // One generation, not an optimistic one and a corrected one.
  CHECK(bench.told.plans == std::vector<std::uint64_t>{1});
  bench.fleet.run();
  CHECK(bench.reconciler.facts().pods_not_ready_keys == std::vector<std::string>{"shop/b"});
  bench.reconciler.retry();
  CHECK(bench.fleet.queue.empty());
  bench.gate.missing.clear();
  bench.reconciler.retry();
  CHECK_FALSE(bench.reconciler.waits_for_pods());
  CHECK(bench.told.plans == std::vector<std::uint64_t>{1, 2});
  bench.fleet.run();
  CHECK(bench.gate.state("shop/b") == capture::PodState::kReady);
}

TEST_CASE(
    "daemon: a reload that adds a pod without namespace and edits another object is one "
    "generation") {
  Bench bench;
  bench.reconciler.apply(with({kA}));
  bench.fleet.run();
  bench.gate.missing = {"shop/b"};
  bench.reconciler.apply(with({kA, kB}));
  bench.fleet.run();
  CHECK(bench.told.plans == std::vector<std::uint64_t>{1, 2});
  // Removing it again is one as well, though the set of waiting pods shrinks with it.
  bench.reconciler.apply(with({kA}));
  bench.fleet.run();
  CHECK(bench.told.plans == std::vector<std::uint64_t>{1, 2, 3});
  CHECK_FALSE(bench.reconciler.waits_for_pods());
}

TEST_CASE("daemon: a pod whose namespace goes before its object leaves nothing behind") {
  Bench bench;
  bench.reconciler.apply(with({kA, kB}));
  bench.fleet.run();
  bench.gate.missing = {"shop/b"};
  bench.reconciler.apply(with({kA}));
  bench.fleet.run();
  CHECK_FALSE(bench.gate.knows("shop/b"));
  CHECK(bench.gate.knows("shop/a"));
}

TEST_CASE("daemon: a pod whose namespace goes is closed in the workers and not ready in the plan") {
  Bench bench;
  bench.reconciler.apply(with({kA, kB}));
  bench.fleet.run();
  bench.gate.missing = {"shop/b"};
  bench.reconciler.retry();
  REQUIRE(bench.fleet.queue.size() == 2);
  REQUIRE(bench.fleet.queue[0].batch.closed.size() == 1);
  CHECK(bench.fleet.queue[0].batch.closed[0].key == "shop/b");
  CHECK(bench.fleet.queue[0].batch.plan->generation == 2);
  CHECK(bench.reconciler.waits_for_pods());
  bench.fleet.run();
  CHECK(bench.reconciler.facts().pods_not_ready_keys == std::vector<std::string>{"shop/b"});
}

TEST_CASE("daemon: a change that is applied while another is on its way waits for both") {
  Bench bench;
  bench.reconciler.apply(with({kA}));
  bench.reconciler.apply(with({kA, kB}));
  const std::uint64_t issued = bench.reconciler.issued();
  CHECK(issued == 2);
  bench.fleet.step();
  bench.fleet.step();
  CHECK(bench.gate.state("shop/a") == capture::PodState::kReady);
  CHECK(bench.gate.state("shop/b") == capture::PodState::kSteered);
  CHECK(bench.reconciler.facts().carried_out < issued);
  bench.fleet.run();
  CHECK(bench.gate.state("shop/b") == capture::PodState::kReady);
  CHECK(bench.reconciler.facts().carried_out == issued);
}

}  // namespace sm::daemon
