// SPDX-License-Identifier: Apache-2.0
// One function for each of Istio's analysers, or a group of them. Each appends what it has to say.
#pragma once

#include <string>
#include <string_view>

#include "analysis/codes.h"
#include "analysis/world.h"
#include "config/finding.h"

namespace sm::analysis {

void analyze_virtual_services(const World& world, config::Findings& out);
void analyze_mesh_hosts(const World& world, config::Findings& out);
void analyze_gateways(const World& world, config::Findings& out);
void analyze_destination_rules(const World& world, config::Findings& out);
void analyze_services(const World& world, config::Findings& out);
void analyze_service_entries(const World& world, config::Findings& out);
void analyze_security(const World& world, config::Findings& out);
void analyze_sidecars(const World& world, config::Findings& out);
void analyze_telemetries(const World& world, config::Findings& out);
void analyze_envoy_filters(const World& world, config::Findings& out);

// Where something is said: an object and a field of it.
struct Place {
  const config::ObjectRef& object;
  std::string path;
  config::Mark mark = {};  // line 0: the document's
};

inline void say(config::Findings& out, std::string_view finding_code, config::Severity severity,
                const Place& place, std::string message, std::string remedy) {
  const config::Mark mark = place.mark.line > 0 ? place.mark : config::Mark{place.object.line, 1};
  out.push_back({std::string(finding_code), severity, place.object, mark, place.path,
                 std::move(message), std::move(remedy)});
}

}  // namespace sm::analysis
