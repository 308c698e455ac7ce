// SPDX-License-Identifier: Apache-2.0
#include "daemon/reconciler.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "analysis/analyze.h"
#include "base/log.h"
#include "config/documents.h"
#include "daemon/change_summary.h"
#include "plan/build.h"

namespace sm::daemon {

namespace {
constexpr log::Logger kLog{log::Component::kDaemon};

// Connections to and from the pod reach our listeners, so it can be dialled and will be served.
bool steered(const capture::PodStatus& status) {
  return status.state == capture::PodState::kSteered || status.state == capture::PodState::kReady;
}

std::vector<capture::PodWish> without(std::vector<capture::PodWish> wishes,
                                      const std::set<std::string>& keys) {
  std::erase_if(wishes, [&keys](const capture::PodWish& wish) { return keys.count(wish.key) > 0; });
  return wishes;
}
}  // namespace

Reconciler::Reconciler(Settings settings, Fleet& fleet, ReconcilerEvents& events)
    : x_settings(std::move(settings)), x_fleet(fleet), x_events(events), x_acks(fleet.size()) {}

void Reconciler::apply(std::shared_ptr<const config::Snapshot> snapshot) {
  SM_ASSERT(x_gate != nullptr);
  const ChangeSummary changes = compare(x_snapshot.get(), *snapshot);
  const std::uint64_t before = x_generation;
  x_snapshot = std::move(snapshot);
  x_rules = config::enrolments(*x_snapshot, x_settings.node_name);
  x_analysed = analysis::analyze(*x_snapshot, {});
  settle();
  const std::size_t quarantined =
      config::count_quarantined(config::documents_of(*x_snapshot, x_findings));
  if (x_generation != before) {
    kLog.info("generation {}: {}; {} documents, {} quarantined", x_generation, changes.describe(),
              x_snapshot->documents.size(), quarantined);
  } else {
    kLog.debug("resources read, nothing to change in generation {}; {} documents, {} quarantined",
               x_generation, x_snapshot->documents.size(), quarantined);
  }
}

void Reconciler::retry() {
  if (!x_snapshot || !x_gate->retry()) return;
  const std::uint64_t before = x_generation;
  settle();
  if (x_generation == before) return;
  kLog.info(
      "generation {}: pods came or went; not ready for want of their namespace: {}", x_generation,
      x_in_force.waiting.empty() ? "none" : fmt::format("{}", fmt::join(x_in_force.waiting, ", ")));
}

// Steps 1 to 3 of the order above.
void Reconciler::settle() {
  bool new_plan = renew_plan(x_in_force.waiting);
  reconcile_gate(wishes());
  // What the kernel side could or could not open decides which pods are ready in the plan. The
  // generation that nobody has seen yet is built again rather than followed by another.
  const std::set<std::string> waiting = waiting_pods();
  if (waiting != x_in_force.waiting) {
    if (new_plan) --x_generation;
    new_plan = renew_plan(waiting);
  }
  x_findings = analysis::merge(x_plan_findings, x_analysed);
  ship(new_plan);
  say_pod_changes();
}

std::vector<capture::PodWish> Reconciler::wishes() const {
  return wishes_of(x_rules, *x_plan, {x_fleet.size(), x_settings.workers_per_pod});
}

void Reconciler::reconcile_gate(const std::vector<capture::PodWish>& wishes) {
  const std::vector<capture::PodWish> retained = x_roster.retain(wishes);
  x_gate->reconcile(retained);
  // A pod that was to leave in step may have been released at once, its namespace being gone before
  // its object. Its last wish must not stay behind then: nobody would come for it.
  const std::vector<capture::PodWish> still = x_roster.retain(wishes);
  if (still.size() != retained.size()) x_gate->reconcile(still);
}

// True when there is a plan that the workers do not have. x_in_force is what the workers have or
// will have.
bool Reconciler::renew_plan(const std::set<std::string>& waiting) {
  PlanInputs wanted{x_snapshot, enrolled_keys(x_rules), {}};
  for (const std::string& key : waiting) {
    if (std::binary_search(wanted.enrolled.begin(), wanted.enrolled.end(), key)) {
      wanted.waiting.insert(key);
    }
  }
  if (x_plan && wanted.same_effect(x_in_force)) {
    x_in_force.snapshot = x_snapshot;  // the older one need not be kept
    return false;
  }
  const std::shared_ptr<const config::Snapshot> effective = wanted.effective_snapshot();
  plan::Built built =
      plan::build({*effective, x_settings.node_name, x_generation + 1, wanted.enrolled});
  ++x_generation;
  x_plan = std::move(built.plan);
  x_plan_findings = std::move(built.findings);
  x_in_force = std::move(wanted);
  return true;
}

std::set<std::string> Reconciler::waiting_pods() const {
  std::set<std::string> open;
  for (const capture::PodStatus& status : x_gate->statuses()) {
    if (!status.bypass && steered(status) && !x_roster.is_leaving(status.key))
      open.insert(status.key);
  }
  std::set<std::string> waiting;
  for (const std::string& key : enrolled_keys(x_rules)) {
    if (open.count(key) == 0) waiting.insert(key);
  }
  return waiting;
}

void Reconciler::ship(bool with_plan) {
  if (!with_plan && !x_roster.has_news()) return;
  if (with_plan) x_events.on_new_plan(*x_plan);
  const std::uint64_t batch = x_acks.issue();
  x_generation_of_batch[batch] = x_generation;
  std::vector<WorkerBatch> batches = x_roster.take_news(x_fleet.size(), batch);
  x_events.on_owners(x_roster.owners());
  for (unsigned worker = 0; worker < x_fleet.size(); ++worker) {
    if (with_plan) batches[worker].plan = x_plan;
    x_fleet.carry_out(worker, std::move(batches[worker]),
                      [this, worker, batch] { carried_out(worker, batch); });
  }
}

// Step 4.
void Reconciler::carried_out(unsigned worker, std::uint64_t batch) {
  if (!x_acks.acknowledge(worker, batch)) return;
  const std::uint64_t everywhere = x_acks.everywhere();
  const auto carried = x_generation_of_batch.find(everywhere);
  if (carried != x_generation_of_batch.end()) {
    kLog.debug("generation {} is in force in all {} workers", carried->second, x_fleet.size());
    x_generation_of_batch.erase(x_generation_of_batch.begin(), std::next(carried));
  }
  for (const Roster::Ready& ready : x_roster.take_ready(everywhere)) {
    x_gate->mark_ready(ready.key, ready.netns_cookie);
  }
  const std::set<std::string> left = x_roster.take_left(everywhere);
  if (!left.empty()) {
    // First without them, so that one which is wished again by now is released before it is
    // enrolled anew.
    reconcile_gate(without(wishes(), left));
    settle();
  }
  say_pod_changes();
  x_events.on_progress();
}

void Reconciler::on_pod_open(std::shared_ptr<const io::PodNet> pod,
                             std::vector<io::PodListener> listeners) {
  x_roster.opened(std::move(pod), std::move(listeners));
}

void Reconciler::on_pod_close(const std::string& key, std::uint64_t netns_cookie) {
  x_roster.closed(key, netns_cookie);
}

SyncFacts Reconciler::facts() const {
  SyncFacts facts;
  facts.generation = x_generation;
  facts.carried_out = x_acks.everywhere();
  facts.owing = x_acks.owing(x_acks.issued());
  if (!x_snapshot) return facts;
  facts.quarantined = config::count_quarantined(config::documents_of(*x_snapshot, x_findings));
  std::map<std::string, capture::PodStatus> statuses;
  for (capture::PodStatus& status : pod_statuses()) statuses[status.key] = std::move(status);
  for (const std::string& key : enrolled_keys(x_rules)) {
    const auto found = statuses.find(key);
    if (found != statuses.end() && found->second.state == capture::PodState::kReady) continue;
    facts.pods_not_ready_keys.push_back(key);
    const std::string state(found == statuses.end() ? "not seen"
                                                    : capture::to_string(found->second.state));
    facts.pods_not_ready.push_back(
        found != statuses.end() && found->second.error
            ? fmt::format("{} ({}: {})", key, state, found->second.error->text)
            : fmt::format("{} ({})", key, state));
  }
  return facts;
}

std::vector<capture::PodStatus> Reconciler::pod_statuses() const {
  return x_gate != nullptr ? x_gate->statuses() : std::vector<capture::PodStatus>{};
}

void Reconciler::say_pod_changes() {
  for (const PodStates::Change& change : x_pod_states.take(pod_statuses())) log_change(change);
}

}  // namespace sm::daemon
