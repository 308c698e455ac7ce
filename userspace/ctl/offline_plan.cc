// SPDX-License-Identifier: Apache-2.0
#include "ctl/offline_plan.h"

#include <algorithm>

#include "config/enrolment_rules.h"

namespace sm::ctl {

std::vector<std::string> node_names(const config::Snapshot& snapshot) {
  std::vector<std::string> names;
  for (const auto& pod : snapshot.pods) {
    if (std::find(names.begin(), names.end(), pod->node_name) == names.end()) {
      names.push_back(pod->node_name);
    }
  }
  if (names.empty()) names.emplace_back();
  return names;
}

std::vector<std::string> enrolled_pods(const config::Snapshot& snapshot, std::string_view node) {
  std::vector<std::string> keys;
  for (const auto& pod : snapshot.pods) {
    if (pod->node_name != node) continue;
    auto located = std::make_shared<config::Pod>(*pod);
    located->meta.annotations.try_emplace("sockmesh.io/netns", "/run/netns/offline");
    const config::Enrolment rule = config::enrolment_of(snapshot, located);
    if (rule.enrolled && !rule.gone) {
      keys.push_back(pod->meta.ref.namespace_ + "/" + pod->meta.ref.name);
    }
  }
  return keys;
}

}  // namespace sm::ctl
