// SPDX-License-Identifier: Apache-2.0
// Worker: one event loop's share of the data plane. It owns the listeners, sessions, pools,
// balancer positions and admissions of the pods that it serves, and shares nothing with other
// workers. Built and destroyed by daemon/; every method runs on the worker's own loop thread
// (daemon/ posts there).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/pod_limits.h"
#include "io/pod_net.h"
#include "io/pod_sockets.h"
#include "io/pod_use.h"
#include "plan/run_plan.h"
#include "telemetry/access_log.h"
#include "telemetry/counters.h"

namespace sm::proxy {

// Where a sink reports the probes that reached it. Implemented by daemon/: passes the news to the
// workers that serve the pod with the address `from.ip` (they are the ones that probe).
// Thread-safe.
class ProbeNews {
 public:
  virtual ~ProbeNews() = default;
  virtual void probe_arrived(const SocketAddress& from, const SocketAddress& to) = 0;
};

struct WorkerDeps {
  io::PodSockets& sockets;
  io::OriginalDestinations& destinations;
  ProbeNews& probes;
  telemetry::LogSink& access_sink;
  telemetry::Counters& counters;  // this worker's own cells
  // Called when the last user of a plan on this worker let go: destroys it elsewhere (control),
  // since that may take long.
  std::function<void(std::shared_ptr<const plan::RunPlan>)> retire_plan;
  std::uint64_t random_seed = 0;
  io::PodLimits pod_limits = {};  // of one pod over all its owners
};

class Worker {
 public:
  Worker(io::Loop& loop, WorkerDeps deps);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // From now on new requests and connections use `plan`; those under way keep the one that they
  // started with.
  void set_plan(std::shared_ptr<const plan::RunPlan> plan);
  // Every worker learns of every enrolled pod (it may dial it); `listeners` holds those that this
  // worker serves, often none. `owners`: how many workers serve the pod; each has that share of the
  // pod's limits.
  void add_pod(std::shared_ptr<const io::PodNet> pod, std::vector<io::PodListener> listeners,
               unsigned owners = 1);
  // Closes listeners, sessions and pooled connections of the pod. Its namespace is let go of when
  // the pass of the loop ends.
  void remove_pod(const std::string& key, std::uint64_t netns_cookie);
  // A probe that this worker may have sent has reached a sink.
  void probe_arrived(const SocketAddress& from, const SocketAddress& to);
  // Stops accepting, answers with `connection: close`, closes what is idle; calls `done` when no
  // session is left. The caller ends it earlier by destroying the worker.
  void drain(std::function<void()> done);

  // For a daemon whose successor gets the new connections: what its listeners still hold is served,
  // and every answer asks the client to connect anew. drain() ends it.
  void retire();

  std::size_t sessions() const;
  std::size_t sessions_of(const std::string& pod_key) const;
  // What the pod has of this worker; null when it is not known here.
  const io::PodUse* use_of(const std::string& pod_key) const;

 private:
  class Impl;
  std::unique_ptr<Impl> x_impl;
};

}  // namespace sm::proxy
