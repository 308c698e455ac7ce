// SPDX-License-Identifier: Apache-2.0
#include "analysis/analyze.h"

#include <set>
#include <string>
#include <utility>

#include "analysis/analysers.h"
#include "analysis/world.h"

namespace sm::analysis {
namespace {

std::string identity_of(const config::Finding& finding) {
  return finding.code + "|" + finding.object.key() + "|" + finding.object.file + "|" +
         std::to_string(finding.object.line) + "|" + finding.path;
}

bool is_system(const config::ObjectRef& ref) {
  const std::string& space = ref.namespace_;
  return space == "kube-system" || space == "kube-public" || space == "kube-node-lease" ||
         space == "local-path-storage";
}

}  // namespace

config::Findings analyze(const config::Snapshot& snapshot, Assumptions assumptions) {
  const World world(snapshot, assumptions.default_gateway);
  config::Findings out;
  analyze_virtual_services(world, out);
  analyze_mesh_hosts(world, out);
  analyze_gateways(world, out);
  analyze_destination_rules(world, out);
  analyze_services(world, out);
  analyze_service_entries(world, out);
  analyze_security(world, out);
  analyze_sidecars(world, out);
  analyze_telemetries(world, out);
  analyze_envoy_filters(world, out);
  std::erase_if(out, [](const config::Finding& finding) { return is_system(finding.object); });
  return out;
}

config::Findings merge(config::Findings planned, config::Findings analysed) {
  std::set<std::string> told;
  for (const config::Finding& finding : planned) told.insert(identity_of(finding));
  for (config::Finding& finding : analysed) {
    if (told.insert(identity_of(finding)).second) planned.push_back(std::move(finding));
  }
  return planned;
}

}  // namespace sm::analysis
