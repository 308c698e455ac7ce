// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker_pool.h"

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/limits.h"

namespace sm::daemon {

unsigned worker_count(unsigned configured) {
  if (configured != 0) return std::min(configured, kWorkersMax);
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::clamp(static_cast<unsigned>(CPU_COUNT(&set)), 1U, kWorkersMax);
}

WorkerPool::WorkerPool(io::Loop& control, unsigned count, const Needs& needs)
    : x_control(control),
      x_probes([this](unsigned worker, const SocketAddress& from, const SocketAddress& to) {
        tell_probe(worker, from, to);
      }),
      x_all_done(static_cast<std::ptrdiff_t>(count)),
      x_setting{needs.sockets,
                needs.destinations,
                x_probes,
                needs.access_sink,
                [&control](std::shared_ptr<const plan::RunPlan> plan) {
                  // The mail holds the last reference: what dies with it dies on the control
                  // thread.
                  control.post([plan = std::move(plan)] {});
                },
                needs.random_seed,
                needs.pod_limits} {
  x_threads.reserve(count);
  for (unsigned index = 0; index < count; ++index) {
    x_threads.push_back(std::make_unique<WorkerThread>(index, x_setting, x_all_done));
  }
}

WorkerPool::~WorkerPool() {
  for (const auto& thread : x_threads) thread->stop();
}

void WorkerPool::carry_out(unsigned worker, WorkerBatch batch, std::function<void()> done) {
  // std::function wants something that can be copied; the batch owns descriptors.
  auto shared = std::make_shared<WorkerBatch>(std::move(batch));
  io::Loop& control = x_control;
  x_threads[worker]->post([shared, &control, done = std::move(done)](proxy::Worker& on) {
    for (const PodExit& exit : shared->closed) on.remove_pod(exit.key, exit.netns_cookie);
    for (PodEntry& entry : shared->opened) {
      on.add_pod(std::move(entry.pod), std::move(entry.listeners), entry.owners);
    }
    if (shared->plan) on.set_plan(std::move(shared->plan));
    for (const PodExit& exit : shared->leaving) on.remove_pod(exit.key, exit.netns_cookie);
    control.post(done);
  });
}

void WorkerPool::drain(std::function<void()> all_drained) {
  x_draining = size();
  io::Loop& control = x_control;
  const auto one_done = [this, all_drained = std::move(all_drained)] {
    if (--x_draining == 0) all_drained();
  };
  for (const auto& thread : x_threads) {
    thread->post([&control, one_done](proxy::Worker& worker) {
      worker.drain([&control, one_done] { control.post(one_done); });
    });
  }
}

void WorkerPool::retire() {
  for (const auto& thread : x_threads) thread->post([](proxy::Worker& worker) { worker.retire(); });
}

void WorkerPool::ask_pulse(unsigned worker, std::function<void()> answered) {
  io::Loop& control = x_control;
  x_threads[worker]->post(
      [&control, answered = std::move(answered)](proxy::Worker&) { control.post(answered); });
}

std::vector<std::optional<WorkerLoad>> WorkerPool::loads(
    const std::vector<std::string>& pods) const {
  struct Answers {
    std::mutex lock;
    std::condition_variable changed;
    std::vector<std::optional<WorkerLoad>> loads;
    std::size_t missing = 0;
  };
  auto answers = std::make_shared<Answers>();
  answers->loads.resize(x_threads.size());
  answers->missing = x_threads.size();
  for (std::size_t index = 0; index < x_threads.size(); ++index) {
    x_threads[index]->post([answers, index, pods](proxy::Worker& worker) {
      WorkerLoad load{worker.sessions(), {}};
      for (const std::string& pod : pods) load.sessions_of_pod.push_back(worker.sessions_of(pod));
      const std::lock_guard lock(answers->lock);
      answers->loads[index] = std::move(load);
      --answers->missing;
      answers->changed.notify_one();
    });
  }
  std::unique_lock lock(answers->lock);
  answers->changed.wait_for(lock, kWorkerAnswer, [&answers] { return answers->missing == 0; });
  return answers->loads;
}

void WorkerPool::tell_probe(unsigned worker, const SocketAddress& from, const SocketAddress& to) {
  if (worker >= x_threads.size()) return;
  x_threads[worker]->post([from, to](proxy::Worker& on) { on.probe_arrived(from, to); });
}

}  // namespace sm::daemon
