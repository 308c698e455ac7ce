// SPDX-License-Identifier: Apache-2.0
// Server: the whole daemon. It owns every part, joins their interfaces and runs the control loop.
// Made, run and destroyed by main on the main thread, which is the control thread.
//
// Start: run directory and lock -> eBPF loaded and attached (closed before anything serves) ->
// workers -> first load, plan, pods -> admin socket. Whatever ends the process, the programs stay
// attached and keep the pods' traffic closed.
#pragma once

#include <memory>
#include <optional>

#include "admin/admin_server.h"
#include "capture/capture.h"
#include "config/loader.h"
#include "config/node_config.h"
#include "daemon/daemon_views.h"
#include "daemon/finding_log.h"
#include "daemon/handover.h"
#include "daemon/reconciler.h"
#include "daemon/resource_watch.h"
#include "daemon/run_directory.h"
#include "daemon/signals.h"
#include "daemon/sync_board.h"
#include "daemon/watchdog.h"
#include "daemon/worker_pool.h"
#include "io/loop.h"
#include "io/timer.h"
#include "telemetry/access_log.h"

namespace sm::daemon {

class Server final : private ReconcilerEvents,
                     private ResourceEvents,
                     private SignalEvents,
                     private Commands,
                     private HandoverEvents,
                     private io::TimerEvents {
  // What start() obtained and the constructor only keeps.
  struct Opened {
    RunDirectory run;
    std::unique_ptr<capture::Kernel> kernel;
    config::SourceWatch source;
    UniqueFd signals;
  };

 public:
  // Everything up to and including the admin socket. Errors are for standard error and exit status
  // 1; what was attached by then stays attached. Requires: block_signals() was called.
  static Result<std::unique_ptr<Server>> start(config::NodeConfig node);
  // For start() only: nobody else can name what it takes.
  Server(config::NodeConfig node, Opened opened);
  ~Server();

  // Serves until a signal ends it; returns when drained or when drainSeconds are over.
  void run() { x_loop.run(); }

 private:
  enum Tag : int { kRetryPods, kSyncDeadline, kDrainDeadline };

  Result<> open_admin();

  void on_new_plan(const plan::RunPlan& plan) override;
  void on_owners(OwnerTable owners) override;
  void on_progress() override;
  void on_resources_changed() override;
  void on_terminate() override;
  void on_reopen_log() override;
  void sync_now(std::chrono::milliseconds wait, admin::Views::Reply reply) override;
  bool drain_now() override;
  bool hand_over_now() override;
  void let_go() override;
  bool successor_has_all() override;
  bool take_back() override;
  void retire() override;
  void leave() override;
  void on_timer(int tag) override;

  void load();
  void end();
  void arm_retry();
  void check_syncs();

  const config::NodeConfig x_node;
  RunDirectory x_run;
  io::Loop x_loop;
  std::unique_ptr<capture::Kernel> x_kernel;
  telemetry::LogSink x_access_sink;
  std::shared_ptr<const telemetry::AccessFormat> x_access_format;  // what the sink writes
  std::optional<std::string> x_access_path;                        // what the sink was opened with
  WorkerPool x_workers;
  config::Loader x_loader;
  Reconciler x_reconciler;
  CaptureGate x_gate;
  Watchdog x_watchdog;
  Handover x_handover;
  FindingLog x_finding_log;
  SyncBoard x_syncs;
  io::Timer x_retry_timer;
  io::Timer x_sync_timer;
  io::Timer x_drain_timer;
  ResourceWatch x_resources;
  Signals x_signals;
  DaemonViews x_views;
  std::unique_ptr<admin::AdminServer> x_admin;
  bool x_hands_off = false;  // a successor may have the kernel side
  bool x_draining = false;
  bool x_drained = false;
  bool x_ending = false;  // a signal asked for the end
};

}  // namespace sm::daemon
