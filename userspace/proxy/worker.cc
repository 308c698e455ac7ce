// SPDX-License-Identifier: Apache-2.0
#include "proxy/worker.h"

#include <utility>
#include <vector>

#include "proxy/acceptor.h"
#include "proxy/core.h"

namespace sm::proxy {

class Worker::Impl final : private SessionTableEvents {
 public:
  Impl(io::Loop& loop, WorkerDeps deps)
      : x_deps(std::move(deps)),
        x_core(loop, x_deps.sockets, x_deps.access_sink, x_deps.counters, x_deps.random_seed) {}

  ~Impl() {
    x_acceptors.clear();
    x_core.sessions().abort_all();
  }

  Core& core() { return x_core; }

  void set_plan(std::shared_ptr<const plan::RunPlan> plan) {
    const std::uint64_t generation = plan->generation;
    // Streams count on this local pointer, whose count no other thread touches; the last of them
    // sends the plan home.
    const plan::RunPlan* raw = plan.get();
    auto retire = [home = x_deps.retire_plan,
                   plan = std::move(plan)](const plan::RunPlan*) mutable { home(std::move(plan)); };
    x_core.set_plan(std::shared_ptr<const plan::RunPlan>(raw, std::move(retire)));
    for (auto& entry : x_core.pods()) entry.second->balancer.sweep(generation);
    x_core.sessions().plan_changed();
  }

  void add_pod(std::shared_ptr<const io::PodNet> net, std::vector<io::PodListener> listeners,
               unsigned owners) {
    // The same pod in a new namespace: what belonged to the old one goes first.
    if (const PodState* old = x_core.pod(net->key)) remove_pod(net->key, old->net->netns_cookie);
    PodState& pod = x_core.add_pod(std::move(net), x_deps.pod_limits.share_of(owners));
    for (auto& listener : listeners) {
      x_acceptors.push_back(std::make_unique<Acceptor>(x_core, pod, std::move(listener),
                                                       x_deps.destinations, x_deps.probes));
    }
  }

  void remove_pod(const std::string& key, std::uint64_t cookie) {
    PodState* pod = x_core.pod(key);
    if (pod == nullptr || pod->net->netns_cookie != cookie) return;
    std::vector<std::unique_ptr<Acceptor>> kept;
    for (auto& acceptor : x_acceptors) {
      if (&acceptor->pod() == pod) {
        acceptor->stop();
        x_core.loop().bury(std::move(acceptor));
      } else {
        kept.push_back(std::move(acceptor));
      }
    }
    x_acceptors = std::move(kept);
    x_core.sessions().abort_of(*pod);
    x_core.mirrors().cancel_of(*pod);
    x_core.admissions().forget_pod(cookie);
    x_core.pool().forget_pod(cookie);
    x_core.loop().bury(std::make_unique<Remains>(x_core.take_pod(key)));
  }

  void retire() { x_core.start_draining(true); }

  void drain(std::function<void()> done) {
    x_core.start_draining(false);
    for (auto& acceptor : x_acceptors) acceptor->stop();
    x_core.pool().drain();
    x_core.sessions().drain_all();
    x_drained = std::move(done);
    x_core.sessions().when_empty(*this);
  }

 private:
  // What is left of a pod until the callbacks that may still point to it have returned.
  struct Remains final : io::Mortal {
    explicit Remains(std::unique_ptr<PodState> state_in) : state(std::move(state_in)) {}
    std::unique_ptr<PodState> state;
  };

  void on_sessions_empty() override { std::exchange(x_drained, nullptr)(); }

  WorkerDeps x_deps;
  std::function<void()> x_drained;
  Core x_core;
  std::vector<std::unique_ptr<Acceptor>> x_acceptors;
};

Worker::Worker(io::Loop& loop, WorkerDeps deps)
    : x_impl(std::make_unique<Impl>(loop, std::move(deps))) {}

Worker::~Worker() = default;

void Worker::set_plan(std::shared_ptr<const plan::RunPlan> plan) {
  x_impl->set_plan(std::move(plan));
}

void Worker::add_pod(std::shared_ptr<const io::PodNet> pod, std::vector<io::PodListener> listeners,
                     unsigned owners) {
  x_impl->add_pod(std::move(pod), std::move(listeners), owners);
}

void Worker::remove_pod(const std::string& key, std::uint64_t netns_cookie) {
  x_impl->remove_pod(key, netns_cookie);
}

void Worker::probe_arrived(const SocketAddress& from, const SocketAddress& to) {
  x_impl->core().admissions().probe_arrived(from, to);
}

void Worker::retire() { x_impl->retire(); }

void Worker::drain(std::function<void()> done) { x_impl->drain(std::move(done)); }

std::size_t Worker::sessions() const { return x_impl->core().sessions().size(); }

const io::PodUse* Worker::use_of(const std::string& pod_key) const {
  const PodState* pod = x_impl->core().pod(pod_key);
  return pod == nullptr ? nullptr : &pod->use;
}

std::size_t Worker::sessions_of(const std::string& pod_key) const {
  const PodState* pod = x_impl->core().pod(pod_key);
  return pod == nullptr ? 0 : pod->sessions;
}

}  // namespace sm::proxy
