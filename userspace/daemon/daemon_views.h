// SPDX-License-Identifier: Apache-2.0
// DaemonViews: answers the operator from the daemon's parts. Owned by the server, control thread.
// It reads; what changes something it asks of the server.
#pragma once

#include <string>

#include "admin/views.h"
#include "capture/capture.h"
#include "config/node_config.h"
#include "daemon/reconciler.h"
#include "daemon/watchdog.h"
#include "daemon/worker_pool.h"

namespace sm::daemon {

// What the operator may have done.
class Commands {
 public:
  // Loads now and answers when all of it is in force, or after `wait`.
  virtual void sync_now(std::chrono::milliseconds wait, admin::Views::Reply reply) = 0;
  // Starts handing over to a successor. False: the daemon drains already.
  virtual bool hand_over_now() = 0;
  // Drains without ending the process. True when that had begun before.
  virtual bool drain_now() = 0;

 protected:
  ~Commands() = default;
};

class DaemonViews final : public admin::Views {
 public:
  // References outlive the views.
  DaemonViews(const config::NodeConfig& node, const capture::Kernel& kernel,
              const Reconciler& reconciler, const WorkerPool& workers, const Watchdog& watchdog,
              Commands& commands)
      : x_node(node),
        x_kernel(kernel),
        x_reconciler(reconciler),
        x_workers(workers),
        x_watchdog(watchdog),
        x_commands(commands) {}

  Json status() override;
  Json pods() override;
  Json bpf() override;
  Result<Json> proxy_config(const std::string& which, const std::string& pod) override;
  void sync(std::chrono::milliseconds wait, Reply reply) override;
  Result<Json> set_log_level(const std::string& component, const std::string& level) override;
  Result<Json> drain() override;
  Result<Json> hand_over() override;
  Result<Json> explain(const Json& requests) override;

 private:
  Result<Json> explain_one(const Json& question) const;
  Json programs() const;
  Json kernel_counters() const;
  Json worker_rows() const;
  Json metrics() const;

  const config::NodeConfig& x_node;
  const capture::Kernel& x_kernel;
  const Reconciler& x_reconciler;
  const WorkerPool& x_workers;
  const Watchdog& x_watchdog;
  Commands& x_commands;
};

}  // namespace sm::daemon
