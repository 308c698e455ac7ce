// SPDX-License-Identifier: Apache-2.0
// WorkerThread: one thread with one event loop and one proxy::Worker on it. Loop and worker are
// made and destroyed on that thread; the object itself belongs to the worker pool, control thread.
#pragma once

#include <functional>
#include <latch>
#include <memory>
#include <thread>

#include "io/loop.h"
#include "proxy/worker.h"
#include "telemetry/counters.h"

namespace sm::daemon {

// What all workers get alike; the references outlive the threads.
struct WorkerSetting {
  io::PodSockets& sockets;
  io::OriginalDestinations& destinations;
  proxy::ProbeNews& probes;
  telemetry::LogSink& access_sink;
  std::function<void(std::shared_ptr<const plan::RunPlan>)> retire_plan;
  std::uint64_t random_seed = 0;  // of the node file; 0 = not repeatable
  io::PodLimits pod_limits = {};
};

class WorkerThread {
 public:
  // Returns when the worker can be posted to. `all_done`: every worker of the pool waits there
  // between destroying its worker and its loop, so that no worker ever posts to a loop that is
  // gone.
  WorkerThread(unsigned index, const WorkerSetting& setting, std::latch& all_done);
  // Requires: stop() was called on every thread of the pool.
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Runs `work` on the worker's thread, in order of posting. Any thread, until stop() was called by
  // control.
  void post(std::function<void(proxy::Worker&)> work);
  // Ends the loop after what has been posted; sessions still open are cut. Control thread, once.
  void stop();
  // Cells that only this worker writes; any thread may read.
  const telemetry::Counters& counters() const { return x_counters; }

 private:
  void run(unsigned index, const WorkerSetting& setting, std::latch& started, std::latch& all_done);

  telemetry::Counters x_counters;
  io::Loop* x_loop = nullptr;         // on the thread's stack; set before the constructor returns
  proxy::Worker* x_worker = nullptr;  // used by posted work only, on its own thread
  std::thread x_thread;
};

}  // namespace sm::daemon
