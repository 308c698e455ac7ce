// SPDX-License-Identifier: Apache-2.0
#include "daemon/wishes.h"

#include <algorithm>
#include <utility>

#include "daemon/owners.h"
#include "daemon/plan_inputs.h"

namespace sm::daemon {

std::vector<capture::PodWish> wishes_of(const std::vector<config::Enrolment>& rules,
                                        const plan::RunPlan& plan, const OwnerPolicy& policy) {
  std::vector<capture::PodWish> wishes;
  for (const config::Enrolment& rule : rules) {
    // Without a namespace there is nothing that the kernel could be told.
    if (rule.gone || rule.netns.empty()) continue;
    capture::PodWish wish;
    wish.key = pod_key(*rule.pod);
    wish.netns_path = rule.netns;
    wish.cgroup_path = rule.cgroup;
    wish.ips = rule.pod->ips;
    wish.bypass = !rule.enrolled;
    wish.gateway = rule.enrolled && rule.gateway;
    wish.lists = rule.lists;
    if (rule.enrolled) {
      unsigned concurrency = 1;
      if (const plan::LocalPod* pod = plan.pod(wish.key)) {
        concurrency = pod->wanted_workers;
        wish.strict = pod->strict;
        for (const auto& [port, table] : pod->gateway_ports) wish.gateway_ports.push_back(port);
        std::sort(wish.gateway_ports.begin(), wish.gateway_ports.end());
      }
      wish.workers = owners_of(
          wish.key,
          {policy.workers, wanted_owners(rule.gateway, policy.workers_per_pod, concurrency)});
    }
    wishes.push_back(std::move(wish));
  }
  return wishes;
}

}  // namespace sm::daemon
