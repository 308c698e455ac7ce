// SPDX-License-Identifier: Apache-2.0
// SecurityGate: which workloads have to be closed because a security policy selects them that this
// version cannot enforce (istio-behaviour.md 1.8, 7.1). Nothing fails open: what is not understood
// denies. Lives while a plan is being built.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "plan/finding_set.h"
#include "plan/workload.h"

namespace sm::plan {

class SecurityGate {
 public:
  // `snapshot` outlives the gate.
  explicit SecurityGate(const config::Snapshot& snapshot);

  // Why all that arrives at the workload is refused, naming the policy and its place; empty: it is
  // open.
  std::string judge(const Workload& workload);
  // Whether PeerAuthentication demands mutual TLS of what arrives at the workload; settings of
  // single ports are not asked.
  bool is_strict(const Workload& workload) const;
  // One finding for each policy that closed a workload.
  void tell(FindingSet& findings) const;

 private:
  struct Policy {
    const config::SecurityPolicy* policy;
    bool broken;
  };
  // 0: does not select it; 1: for the mesh, 2: for its namespace, 3: for it by labels.
  int reach(const config::SecurityPolicy& policy, const Workload& workload) const;
  const Policy* denying(const Workload& workload, config::SecurityPolicy::Kind kind) const;
  // The PeerAuthentication in force at the workload, null for none.
  const Policy* authentication(const Workload& workload) const;

  std::string x_root;
  std::vector<Policy> x_policies;                                              // oldest first
  std::map<const config::SecurityPolicy*, std::vector<std::string>> x_closed;  // keys of workloads
};

}  // namespace sm::plan
