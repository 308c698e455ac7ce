// SPDX-License-Identifier: Apache-2.0
// A Reconciler between a kernel side and workers that do what a test says, and write a diary.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/reconciler.h"

namespace sm::daemon {

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
  std::vector<std::string> watch_node() override { return {}; }
  std::vector<std::string> watch_pods() override { return {}; }
  void self_test() override {}
  void set_worker_serving(unsigned, bool) override {}
  void let_go() override {}
  Result<> take_back() override { return {}; }
  bool handed_over() const override { return false; }
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

inline std::shared_ptr<const config::Pod> pod(const std::string& name, const char* ip) {
  auto made = std::make_shared<config::Pod>();
  made->meta.ref = {"Pod", "shop", name, "pods.yaml", 1};
  made->meta.annotations["sockmesh.io/netns"] = "/run/netns/" + name;
  made->node_name = "node-a";
  made->ips = {*IpAddress::parse(ip)};
  made->phase = "Running";
  made->ready = true;
  return made;
}

inline const auto kA = pod("a", "10.0.0.1");
inline const auto kB = pod("b", "10.0.0.2");

inline std::shared_ptr<const config::Snapshot> with(
    std::vector<std::shared_ptr<const config::Pod>> pods) {
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

}  // namespace sm::daemon
