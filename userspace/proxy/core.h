// SPDX-License-Identifier: Apache-2.0
// Core: what the sessions of one worker share: the plan in force, the pods, pools, admissions, the
// log. Owned by the Worker, one thread. Sessions hold a reference; the core outlives them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/rng.h"
#include "base/text.h"
#include "io/loop.h"
#include "io/pod_sockets.h"
#include "plan/run_plan.h"
#include "proxy/mirror.h"
#include "proxy/session.h"
#include "proxy/session_table.h"
#include "telemetry/access_log.h"
#include "telemetry/counters.h"
#include "upstream/admission.h"
#include "upstream/http_pool.h"

namespace sm::proxy {

class Core {
 public:
  Core(io::Loop& loop, io::PodSockets& sockets, telemetry::LogSink& sink,
       telemetry::Counters& counters, std::uint64_t seed);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  io::Loop& loop() { return x_loop; }
  io::PodSockets& sockets() { return x_sockets; }
  telemetry::AccessLog& access_log() { return x_access_log; }
  telemetry::Counters& counters() { return x_counters; }
  Rng& rng() { return x_rng; }
  upstream::HttpPool& pool() { return x_pool; }
  upstream::AdmissionTable& admissions() { return x_admissions; }
  SessionTable& sessions() { return x_sessions; }
  MirrorSet& mirrors() { return x_mirrors; }

  // A pin on the plan in force: its reference count is this worker's alone. Null before the first
  // plan.
  const std::shared_ptr<const plan::RunPlan>& plan() const { return x_plan; }
  void set_plan(std::shared_ptr<const plan::RunPlan> plan) { x_plan = std::move(plan); }

  PodState* pod(std::string_view key);
  // `limits`: this worker's share of what the pod may have.
  PodState& add_pod(std::shared_ptr<const io::PodNet> net, const io::PodLimits& limits);
  // Gives the state away; the caller keeps it until the call stack has unwound.
  std::unique_ptr<PodState> take_pod(std::string_view key);
  std::unordered_map<std::string, std::unique_ptr<PodState>, TextHash, std::equal_to<>>& pods() {
    return x_pods;
  }

  bool draining() const { return x_draining; }
  void start_draining(bool still_accepting) {
    x_draining = true;
    x_accepting = still_accepting;
  }
  bool accepting() const { return x_accepting; }

  // The Date header's value, renewed once a second.
  std::string_view date();

 private:
  io::Loop& x_loop;
  io::PodSockets& x_sockets;
  telemetry::Counters& x_counters;
  telemetry::AccessLog x_access_log;
  Rng x_rng;
  std::shared_ptr<const plan::RunPlan> x_plan;
  upstream::AdmissionTable x_admissions;
  upstream::HttpPool x_pool;
  std::unordered_map<std::string, std::unique_ptr<PodState>, TextHash, std::equal_to<>> x_pods;
  MirrorSet x_mirrors;
  SessionTable x_sessions;  // last: sessions use everything above
  bool x_draining = false;
  bool x_accepting = true;
  std::int64_t x_date_second = 0;
  std::string x_date;
};

}  // namespace sm::proxy
