// SPDX-License-Identifier: Apache-2.0
#include "daemon/reconciler.h"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <set>

namespace sm::daemon {

namespace {

// The kernel side without a kernel: opens what is wished unless its namespace is missing.
// Everything it does goes into `diary`.
class FakeGate final : public PodGate {
 public:
  FakeGate(capture::EnrolmentEvents& events, std::vector<std::string>& diary)
      : x_events(events), x_diary(diary) {}

  std::set<std::string> missing;  // keys of pods without a namespace

  // Lists and strictness change in place.
  static bool same_pod(const capture::PodWish& a, capture::PodWish b) {
    b.lists = a.lists;
    b.strict = a.strict;
    return a == b;
  }
  void reconcile(const std::vector<capture::PodWish>& wishes) override {
    std::map<std::string, capture::PodWish> wished;
    for (const auto& wish : wishes) wished[wish.key] = wish;
    for (auto pod = x_pods.begin(); pod != x_pods.end();) {
      const auto found = wished.find(pod->first);
      const bool keep = found != wished.end() && same_pod(found->second, pod->second.wish);
      if (keep) {
        ++pod;
        continue;
      }
      if (pod->second.status.state != capture::PodState::kSeen) {
        x_diary.push_back("kernel lets go of " + pod->first);
        x_events.on_pod_close(pod->first, pod->second.status.netns_cookie);
      }
      pod = x_pods.erase(pod);
    }
    for (const auto& [key, wish] : wished) {
      Pod& pod = x_pods[key];
      pod.wish = wish;
      pod.status.key = key;
      pod.status.bypass = wish.bypass;
    }
    retry();
  }
  std::vector<std::string> watch(bool) override { return {}; }
  void self_test() override {}
  void set_worker_serving(unsigned, bool) override {}
  bool retry() override {
    bool changed = false;
    for (auto& [key, pod] : x_pods) {
      if (pod.status.state != capture::PodState::kSeen && missing.count(key) > 0) {
        pod.status.state = capture::PodState::kSeen;
        x_events.on_pod_close(key, pod.status.netns_cookie);
        changed = true;
      }
      if (pod.status.state != capture::PodState::kSeen || missing.count(key) > 0) continue;
      changed = true;
      if (pod.wish.bypass) {
        pod.status.state = capture::PodState::kReady;
        continue;
      }
      pod.status.state = capture::PodState::kSteered;
      pod.status.netns_cookie = ++x_cookie;
      auto net = std::make_shared<io::PodNet>();
      net->key = key;
      net->netns_cookie = x_cookie;
      net->ips = pod.wish.ips;
      std::vector<io::PodListener> listeners;
      for (unsigned slot = 0; slot < pod.wish.workers.size(); ++slot) {
        io::PodListener listener;
        listener.slot = slot;
        listener.worker = pod.wish.workers[slot];
        listeners.push_back(std::move(listener));
      }
      x_diary.push_back("kernel opens " + key);
      x_events.on_pod_open(net, std::move(listeners));
    }
    return changed;
  }
  void mark_ready(const std::string& key, std::uint64_t cookie) override {
    Pod& pod = x_pods.at(key);
    CHECK(pod.status.netns_cookie == cookie);
    pod.status.state = capture::PodState::kReady;
    x_diary.push_back("ready " + key);
  }
  std::vector<capture::PodStatus> statuses() const override {
    std::vector<capture::PodStatus> all;
    for (const auto& [key, pod] : x_pods) all.push_back(pod.status);
    return all;
  }
  capture::PodState state(const std::string& key) const { return x_pods.at(key).status.state; }
  bool knows(const std::string& key) const { return x_pods.count(key) > 0; }
  const capture::PodWish& wish(const std::string& key) const { return x_pods.at(key).wish; }

 private:
  struct Pod {
    capture::PodWish wish;
    capture::PodStatus status;
  };
  capture::EnrolmentEvents& x_events;
  std::vector<std::string>& x_diary;
  std::map<std::string, Pod> x_pods;
  std::uint64_t x_cookie = 100;
};

// Workers that carry a batch out when the test says so.
class FakeFleet final : public Fleet {
 public:
  struct Sent {
    unsigned worker;
    WorkerBatch batch;
    std::function<void()> done;
  };
  std::deque<Sent> queue;

  explicit FakeFleet(unsigned size, std::vector<std::string>& diary)
      : x_size(size), x_diary(diary) {}
  unsigned size() const override { return x_size; }
  void carry_out(unsigned worker, WorkerBatch batch, std::function<void()> done) override {
    queue.push_back({worker, std::move(batch), std::move(done)});
  }
  WorkerBatch step() {
    Sent sent = std::move(queue.front());
    queue.pop_front();
    for (const PodExit& exit : sent.batch.leaving) {
      x_diary.push_back("worker " + std::to_string(sent.worker) + " lets go of " + exit.key);
    }
    sent.done();
    return std::move(sent.batch);
  }
  void run() {
    while (!queue.empty()) step();
  }

 private:
  unsigned x_size;
  std::vector<std::string>& x_diary;
};

struct Told final : ReconcilerEvents {
  std::vector<std::uint64_t> plans;
  OwnerTable owners;
  int progress = 0;
  void on_new_plan(const plan::RunPlan& plan) override { plans.push_back(plan.generation); }
  void on_owners(OwnerTable table) override { owners = std::move(table); }
  void on_progress() override { ++progress; }
};

std::shared_ptr<const config::Pod> pod(const std::string& name, const char* ip) {
  auto made = std::make_shared<config::Pod>();
  made->meta.ref = {"Pod", "shop", name, "pods.yaml", 1};
  made->meta.annotations["sockmesh.io/netns"] = "/run/netns/" + name;
  made->node_name = "node-a";
  made->ips = {*IpAddress::parse(ip)};
  made->phase = "Running";
  made->ready = true;
  return made;
}

const auto kA = pod("a", "10.0.0.1");
const auto kB = pod("b", "10.0.0.2");

std::shared_ptr<const config::Snapshot> with(std::vector<std::shared_ptr<const config::Pod>> pods) {
  auto snapshot = std::make_shared<config::Snapshot>();
  snapshot->pods = std::move(pods);
  return snapshot;
}

struct Bench {
  std::vector<std::string> diary;
  FakeFleet fleet{2, diary};
  Told told;
  Reconciler reconciler{{"node-a", 1}, fleet, told};
  FakeGate gate{reconciler, diary};
  Bench() { reconciler.start(gate); }
  std::size_t at(const std::string& entry) const {
    return static_cast<std::size_t>(std::find(diary.begin(), diary.end(), entry) - diary.begin());
  }
};

}  // namespace

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
