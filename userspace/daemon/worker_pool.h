// SPDX-License-Identifier: Apache-2.0
// WorkerPool: all worker threads of the daemon, as the Fleet that the reconciler drives. Owned by
// the server; control thread, except tell_probe(), which any worker may call.
#pragma once

#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/fleet.h"
#include "daemon/probe_board.h"
#include "daemon/worker_thread.h"
#include "io/loop.h"

namespace sm::daemon {

// `configured` of the node file, or when that is 0 the CPUs that this process may use; 1 ..
// kWorkersMax.
unsigned worker_count(unsigned configured);

// What the views show of one worker; nullopt when it did not answer in time.
struct WorkerLoad {
  std::size_t sessions = 0;
  std::vector<std::size_t> sessions_of_pod;  // in the order asked
};

class WorkerPool final : public Fleet {
 public:
  // What the workers need of the rest; references outlive the pool.
  struct Needs {
    io::PodSockets& sockets;
    io::OriginalDestinations& destinations;
    telemetry::LogSink& access_sink;
    std::uint64_t random_seed = 0;
    io::PodLimits pod_limits = {};
  };
  WorkerPool(io::Loop& control, unsigned count, const Needs& needs);
  // Ends all threads; sessions still open are cut.
  ~WorkerPool() override;

  unsigned size() const override { return static_cast<unsigned>(x_threads.size()); }
  void carry_out(unsigned worker, WorkerBatch batch, std::function<void()> done) override;

  void set_owners(OwnerTable owners) { x_probes.set_owners(std::move(owners)); }
  // Asks every worker to drain; `all_drained` is called on the control thread when none has a
  // session left.
  void drain(std::function<void()> all_drained);
  // See proxy::Worker::retire.
  void retire();
  // Calls `answered` on the control thread after the worker has come round to it.
  void ask_pulse(unsigned worker, std::function<void()> answered);
  // One entry a worker. Waits for at most kWorkerAnswer: workers never wait for control, so this
  // cannot lock up.
  std::vector<std::optional<WorkerLoad>> loads(const std::vector<std::string>& pods) const;
  const io::PodLimits& pod_limits() const { return x_setting.pod_limits; }
  const telemetry::Counters& counters(unsigned worker) const {
    return x_threads[worker]->counters();
  }

 private:
  void tell_probe(unsigned worker, const SocketAddress& from, const SocketAddress& to);

  io::Loop& x_control;
  ProbeBoard x_probes;
  std::latch x_all_done;
  WorkerSetting x_setting;
  unsigned x_draining = 0;
  std::vector<std::unique_ptr<WorkerThread>> x_threads;
};

}  // namespace sm::daemon
