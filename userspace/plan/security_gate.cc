// SPDX-License-Identifier: Apache-2.0
#include "plan/security_gate.h"

#include <algorithm>

#include "plan/naming.h"

namespace sm::plan {

namespace {

using Kind = config::SecurityPolicy::Kind;

std::string named(const config::SecurityPolicy& policy) {
  const config::ObjectRef& ref = policy.meta.ref;
  return ref.kind + " " + ref.namespace_ + "/" + ref.name + " (" + ref.file + ":" +
         std::to_string(ref.line) + ")";
}

bool is_unset(const config::SecurityPolicy& policy) {
  return policy.action.empty() || policy.action == "UNSET";
}

}  // namespace

SecurityGate::SecurityGate(const config::Snapshot& snapshot)
    : x_root(snapshot.mesh.root_namespace) {
  for (const auto& policy : snapshot.security_policies) x_policies.push_back({policy.get(), false});
  for (const auto& policy : snapshot.broken_security_policies)
    x_policies.push_back({policy.get(), true});
  std::sort(x_policies.begin(), x_policies.end(), [](const Policy& a, const Policy& b) {
    return is_older(a.policy->meta, b.policy->meta);
  });
}

int SecurityGate::reach(const config::SecurityPolicy& policy, const Workload& workload) const {
  const std::string& owner = policy.meta.ref.namespace_;
  if (policy.selector.empty()) {
    if (owner == workload.namespace_) return owner == x_root ? 1 : 2;
    return owner == x_root ? 1 : 0;
  }
  // A PeerAuthentication of the root namespace with a selector is for nobody, not even for
  // workloads that live there.
  if (owner == x_root && policy.kind == Kind::kPeerAuthentication) return 0;
  if (owner != workload.namespace_ && owner != x_root) return 0;
  return has_labels(workload.labels, policy.selector) ? 3 : 0;
}

// Authorization and request authentication: every policy that selects the workload counts. ALLOW
// policies add up, so one that allows everything makes the other ALLOW ones harmless.
const SecurityGate::Policy* SecurityGate::denying(const Workload& workload, Kind kind) const {
  bool open = false;
  const Policy* closed = nullptr;
  for (const Policy& each : x_policies) {
    if (each.policy->kind != kind || reach(*each.policy, workload) == 0) continue;
    const bool allow =
        kind == Kind::kAuthorization && !each.broken && each.policy->action == "ALLOW";
    if (!each.broken && each.policy->allows_everything) {
      open = open || allow;
    } else if (!allow) {
      return &each;
    } else if (closed == nullptr) {
      closed = &each;
    }
  }
  return open ? nullptr : closed;
}

// Peer authentication: the closest policy wins, of equal ones the oldest; a mode that is not set is
// taken from the next.
const SecurityGate::Policy* SecurityGate::authentication(const Workload& workload) const {
  for (int level = 3; level >= 1; --level) {
    const auto found = std::find_if(x_policies.begin(), x_policies.end(), [&](const Policy& each) {
      return each.policy->kind == Kind::kPeerAuthentication &&
             reach(*each.policy, workload) == level;
    });
    if (found == x_policies.end()) continue;
    const bool closes = found->broken || !found->policy->allows_everything;
    if (closes || !is_unset(*found->policy)) return &*found;
  }
  return nullptr;
}

bool SecurityGate::is_strict(const Workload& workload) const {
  const Policy* policy = authentication(workload);
  return policy != nullptr && (policy->broken || policy->policy->action == "STRICT");
}

std::string SecurityGate::judge(const Workload& workload) {
  const Policy* closed = denying(workload, Kind::kAuthorization);
  if (closed == nullptr) closed = denying(workload, Kind::kRequestAuthentication);
  if (closed == nullptr) {
    closed = authentication(workload);
    if (closed != nullptr && !closed->broken && closed->policy->allows_everything) closed = nullptr;
  }
  if (closed == nullptr) return {};
  x_closed[closed->policy].push_back(workload.key);
  const std::string why = closed->broken
                              ? " was refused and has no earlier version that is good"
                              : " selects this workload and cannot be enforced by this version";
  return named(*closed->policy) + why;
}

void SecurityGate::tell(FindingSet& findings) const {
  for (const Policy& each : x_policies) {
    const auto closed = x_closed.find(each.policy);
    if (closed == x_closed.end()) continue;
    const std::vector<std::string>& workloads = closed->second;
    std::string message = "all that arrives at " + workloads.front();
    if (workloads.size() > 1) message += " and " + std::to_string(workloads.size() - 1) + " more";
    message += each.broken ? " is refused, because this policy was not understood"
                           : " is refused, because this version cannot enforce the policy";
    findings.add(
        {std::string(code::kDenied),
         config::Severity::kWarning,
         each.policy->meta.ref,
         {each.policy->meta.ref.line, 1},
         "spec",
         std::move(message),
         each.broken
             ? "correct the policy; until then its workloads stay closed"
             : "delete the policy or make it allow everything (rules: [{}], or mode PERMISSIVE)"});
  }
}

}  // namespace sm::plan
