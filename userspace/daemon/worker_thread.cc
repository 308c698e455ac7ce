// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker_thread.h"

#include <pthread.h>

#include <optional>
#include <string>
#include <utility>

namespace sm::daemon {

namespace {
// The same seed for all would make workers draw the same numbers in step; 0 stays 0, which is "not
// repeatable".
std::uint64_t seed_of(unsigned index, std::uint64_t seed) { return seed == 0 ? 0 : seed + index; }
}  // namespace

WorkerThread::WorkerThread(unsigned index, const WorkerSetting& setting, std::latch& all_done) {
  std::latch started(1);
  x_thread = std::thread(
      [this, index, &setting, &started, &all_done] { run(index, setting, started, all_done); });
  started.wait();
}

WorkerThread::~WorkerThread() { x_thread.join(); }

void WorkerThread::run(unsigned index, const WorkerSetting& setting, std::latch& started,
                       std::latch& all_done) {
  pthread_setname_np(pthread_self(), ("worker-" + std::to_string(index)).c_str());
  io::Loop loop;
  {
    proxy::Worker worker(loop, {setting.sockets, setting.destinations, setting.probes,
                                setting.access_sink, x_counters, setting.retire_plan,
                                seed_of(index, setting.random_seed), setting.pod_limits});
    x_loop = &loop;
    x_worker = &worker;
    started.count_down();
    loop.run();
  }
  all_done.arrive_and_wait();
}

void WorkerThread::post(std::function<void(proxy::Worker&)> work) {
  x_loop->post([this, work = std::move(work)] { work(*x_worker); });
}

void WorkerThread::stop() {
  io::Loop* loop = x_loop;
  loop->post([loop] { loop->stop(); });
}

}  // namespace sm::daemon
