// SPDX-License-Identifier: Apache-2.0
// Reconciler: makes the workers and the kernel equal to the resources in force. Owned by the
// server, control thread only.
//
// The order of one change, which is the reason for this class:
//   1. the plan is built; pods whose namespace is not open yet are not ready in it
//   2. the kernel side opens new pods (captured connections wait in their listeners) and keeps
//   those that leave
//   3. each worker, in one go, learns of the new pods, takes over the plan, lets go of the pods
//   that leave
//   4. when all workers have: new pods are Ready, and the kernel side lets go of the pods that left
// So nothing is routed to a pod that some worker cannot dial, no pod is Ready before its plan is in
// force with its owners, and a pod that leaves is closed until nobody uses it. A change that would
// not change what a plan does makes no plan.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/enrolment_rules.h"
#include "config/snapshot.h"
#include "daemon/acknowledgements.h"
#include "daemon/fleet.h"
#include "daemon/owners.h"
#include "daemon/plan_inputs.h"
#include "daemon/pod_gate.h"
#include "daemon/pod_states.h"
#include "daemon/roster.h"
#include "daemon/sync_board.h"
#include "daemon/wishes.h"
#include "plan/run_plan.h"

namespace sm::daemon {

class ReconcilerEvents {
 public:
  // Before `plan` goes to the workers.
  virtual void on_new_plan(const plan::RunPlan& plan) = 0;
  // Before the workers serve or after they have left these pods.
  virtual void on_owners(OwnerTable owners) = 0;
  // A batch has been carried out everywhere, or a pod has changed its state.
  virtual void on_progress() = 0;

 protected:
  ~ReconcilerEvents() = default;
};

class Reconciler final : public capture::EnrolmentEvents {
 public:
  struct Settings {
    std::string node_name;
    unsigned workers_per_pod = 1;
  };

  Reconciler(Settings settings, Fleet& fleet, ReconcilerEvents& events);
  // The kernel side; it was made with this as its events and must outlive the last call of apply()
  // and retry().
  void start(PodGate& gate) { x_gate = &gate; }

  // Makes `snapshot` so. Requires: start().
  void apply(std::shared_ptr<const config::Snapshot> snapshot);
  // Tries the pods that are not there yet once more, and notices those whose namespace went away.
  // For a timer.
  void retry();
  // Whether a pod that should be enrolled waits for its namespace: retry() soon.
  bool waits_for_pods() const { return !x_in_force.waiting.empty(); }

  // The newest batch issued: once carried out everywhere, everything applied so far is in force.
  std::uint64_t issued() const { return x_acks.issued(); }
  SyncFacts facts() const;

  // Null before the first apply().
  const std::shared_ptr<const plan::RunPlan>& plan() const { return x_plan; }
  const std::shared_ptr<const config::Snapshot>& snapshot() const { return x_snapshot; }
  // The planner's, and those of Istio's analysers about the newest snapshot.
  const config::Findings& plan_findings() const { return x_findings; }
  const std::vector<config::Enrolment>& rules() const { return x_rules; }
  std::vector<capture::PodStatus> pod_statuses() const;

 private:
  void on_pod_open(std::shared_ptr<const io::PodNet> pod,
                   std::vector<io::PodListener> listeners) override;
  void on_pod_close(const std::string& key, std::uint64_t netns_cookie) override;

  void settle();
  void reconcile_gate(const std::vector<capture::PodWish>& wishes);
  bool renew_plan(const std::set<std::string>& waiting);
  std::vector<capture::PodWish> wishes() const;
  std::set<std::string> waiting_pods() const;
  void ship(bool with_plan);
  void carried_out(unsigned worker, std::uint64_t batch);
  void say_pod_changes();

  const Settings x_settings;
  Fleet& x_fleet;
  ReconcilerEvents& x_events;
  PodGate* x_gate = nullptr;

  std::shared_ptr<const config::Snapshot> x_snapshot;  // the newest loaded
  std::vector<config::Enrolment> x_rules;              // of x_snapshot
  PlanInputs x_in_force;                               // what x_plan was made of
  std::shared_ptr<const plan::RunPlan> x_plan;
  config::Findings x_plan_findings;
  config::Findings x_analysed;  // of x_snapshot
  config::Findings x_findings;  // both, merged
  std::uint64_t x_generation = 0;
  std::map<std::uint64_t, std::uint64_t>
      x_generation_of_batch;  // those not carried out everywhere yet

  Roster x_roster;
  Acknowledgements x_acks;
  PodStates x_pod_states;
};

}  // namespace sm::daemon
