// SPDX-License-Identifier: Apache-2.0
#include "daemon/server.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/version.h"
#include "io/descriptors.h"

namespace sm::daemon {

namespace {
constexpr log::Logger kLog{log::Component::kDaemon};

capture::KernelConfig kernel_config(const config::NodeConfig& node) {
  return {node.cgroup, node.bpffs, node.run_dir, node.unknown_pods, node.on_proxy_down_open};
}
void log_limits(const io::PodLimits& pod) {
  kLog.info("at most {} descriptors; of them one pod at most {}, for at most {} connections",
            io::descriptor_limit(), pod.descriptors, pod.connections);
  const std::size_t wanted = io::PodLimits{}.descriptors;
  if (pod.descriptors < wanted) {
    kLog.warn(
        "RLIMIT_NOFILE is too low for {} descriptors of one pod; raise its hard limit above {}",
        wanted, wanted / kPodDescriptorsPercent * 100);
  }
}
}  // namespace

Result<std::unique_ptr<Server>> Server::start(config::NodeConfig node) {
  SM_TRY_ASSIGN(RunDirectory run, RunDirectory::take(node.run_dir));
  SM_TRY_ASSIGN(UniqueFd signals, Signals::open());
  SM_TRY_ASSIGN(config::SourceWatch source, config::SourceWatch::open(node.resources));
  SM_TRY_ASSIGN(auto kernel, capture::Kernel::open(kernel_config(node)));
  auto server = std::make_unique<Server>(
      std::move(node),
      Opened{std::move(run), std::move(kernel), std::move(source), std::move(signals)});
  server->load();
  SM_TRY(server->open_admin());
  return server;
}

Server::Server(config::NodeConfig node, Opened opened)
    : x_node(std::move(node)),
      x_run(std::move(opened.run)),
      x_kernel(std::move(opened.kernel)),
      x_workers(x_loop, worker_count(x_node.workers),
                {*x_kernel, *x_kernel, x_access_sink, x_node.random_seed,
                 io::PodLimits{}.within(io::descriptor_limit())}),
      x_loader(x_node.state_dir),
      x_reconciler({x_node.node_name, x_node.workers_per_pod}, x_workers, *this),
      x_gate(*x_kernel, x_reconciler),
      x_watchdog(x_loop, x_gate, x_workers),
      x_handover(x_loop, static_cast<HandoverEvents&>(*this),
                 std::chrono::seconds(x_node.drain_seconds)),
      x_retry_timer(x_loop.timers(), *this, kRetryPods),
      x_sync_timer(x_loop.timers(), *this, kSyncDeadline),
      x_drain_timer(x_loop.timers(), *this, kDrainDeadline),
      x_resources(x_loop, std::move(opened.source), *this),
      x_signals(x_loop, std::move(opened.signals), *this),
      x_views(x_node, *x_kernel, x_reconciler, x_workers, x_watchdog, *this) {
  x_reconciler.start(x_gate);
  kLog.info("sockmeshd {} on node {}: {} workers, cgroup {}, pins in {}{}, resources {}, runDir {}",
            kVersion, x_node.node_name, x_workers.size(), x_kernel->cgroup_path(),
            x_kernel->pin_path(), x_kernel->recovered() ? " (taken over from an earlier run)" : "",
            fmt::join(x_node.resources, ", "), x_run.path());
  log_limits(x_workers.pod_limits());
}

Server::~Server() {
  x_syncs.give_up({ErrorCode::kUnavailable, "the daemon ends", "start it again"});
}

Result<> Server::open_admin() {
  SM_TRY_ASSIGN(x_admin, admin::AdminServer::listen(x_loop, x_run.socket_path(), x_views));
  return {};
}

void Server::load() {
  if (x_hands_off) return;
  const auto snapshot = x_loader.load(x_node.resources);
  x_reconciler.apply(snapshot);
  config::Findings findings = snapshot->findings;
  findings.insert(findings.end(), x_reconciler.plan_findings().begin(),
                  x_reconciler.plan_findings().end());
  log_news(x_finding_log.take(findings));
  arm_retry();
}

void Server::arm_retry() {
  x_retry_timer.arm(x_reconciler.waits_for_pods() ? kPodRetryPending : kPodRetrySettled);
}

void Server::check_syncs() {
  if (x_syncs.empty()) return;
  x_syncs.check(x_loop.now(), x_reconciler.facts());
  const auto next = x_syncs.next_deadline();
  if (next) {
    x_sync_timer.arm(std::max(*next - x_loop.now(), std::chrono::milliseconds(0)));
  } else {
    x_sync_timer.cancel();
  }
}

void Server::on_new_plan(const plan::RunPlan& plan) {
  if (!x_access_format || *x_access_format != *plan.access_log_format) {
    x_access_format = plan.access_log_format;
    x_access_sink.set_format(x_access_format);
  }
  if (x_access_path == plan.access_log_path) return;
  x_access_path = plan.access_log_path;
  x_access_sink.open(plan.access_log_path);
  kLog.info("access log: {}", plan.access_log_path.empty() ? "off" : plan.access_log_path);
}

void Server::on_owners(OwnerTable owners) { x_workers.set_owners(std::move(owners)); }

void Server::on_progress() { check_syncs(); }

void Server::on_resources_changed() {
  load();
  check_syncs();
}

void Server::on_reopen_log() {
  kLog.info("opening the access log again");
  x_access_sink.reopen();
}

// A second signal does not wait: the operator has decided.
void Server::on_terminate() {
  if (x_ending) {
    kLog.info("asked again: ending at once");
    return x_loop.stop();
  }
  x_ending = true;
  if (x_handover.under_way()) {
    kLog.info("handing over: ending when that is done; asked again, at once");
    return;
  }
  end();
}

void Server::end() {
  if (x_drained) return x_loop.stop();
  kLog.info("draining for at most {} s; the programs stay attached", x_node.drain_seconds);
  drain_now();
  x_drain_timer.arm(std::chrono::seconds(x_node.drain_seconds));
}

bool Server::drain_now() {
  if (std::exchange(x_draining, true)) return true;
  x_workers.drain([this] {
    x_drained = true;
    kLog.info("drained");
    if (x_ending) x_loop.stop();
  });
  return false;
}

bool Server::hand_over_now() {
  if (x_draining || x_ending) return false;
  x_handover.offer();
  return true;
}

void Server::let_go() {
  x_hands_off = true;
  x_retry_timer.cancel();
  x_watchdog.stop();
  x_admin.reset();
  x_gate.let_go();
  x_run.let_go();
}

// A node without pods has none to hand over: there has to be somebody.
bool Server::successor_has_all() { return x_run.taken_by_another() && x_gate.handed_over(); }

bool Server::take_back() {
  auto run = RunDirectory::take(x_node.run_dir);
  if (!run || !x_gate.take_back()) return false;
  x_run = std::move(*run);
  x_hands_off = false;
  const auto admin = open_admin();
  if (!admin) kLog.error("{}", admin.error().describe());
  x_watchdog.start();
  load();
  return true;
}

void Server::retire() { x_workers.retire(); }

void Server::leave() {
  x_ending = true;
  end();
}

void Server::sync_now(std::chrono::milliseconds wait, admin::Views::Reply reply) {
  const auto deadline = x_loop.now() + wait;
  x_resources.forget_pending();
  load();
  x_syncs.add(x_reconciler.issued(), deadline, std::move(reply));
  check_syncs();
}

void Server::on_timer(int tag) {
  switch (tag) {
    case kRetryPods:
      if (x_hands_off) break;
      x_reconciler.retry();
      arm_retry();
      check_syncs();
      break;
    case kSyncDeadline:
      check_syncs();
      break;
    case kDrainDeadline:
      kLog.info("drainSeconds are over; sessions still open are cut");
      x_loop.stop();
      break;
  }
}

}  // namespace sm::daemon
