// SPDX-License-Identifier: Apache-2.0
// Short ways to decode one document of a test and to ask for a finding.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "config/loader.h"

namespace sm::config {

using SnapshotPtr = std::shared_ptr<const Snapshot>;

inline SnapshotPtr judge(std::string_view text) { return load_text("t.yaml", text); }

// An Istio object with this spec, its lines indented by two.
inline std::string istio(const std::string& kind, std::string_view spec) {
  const bool security = kind.ends_with("Policy") || kind.ends_with("Authentication");
  const std::string group = security              ? "security"
                            : kind == "Telemetry" ? "telemetry"
                                                  : "networking";
  const std::string version = kind == "EnvoyFilter" ? "v1alpha3" : "v1";
  return "apiVersion: " + group + ".istio.io/" + version + "\nkind: " + kind +
         "\nmetadata: {name: x, namespace: ns}\nspec:\n" + std::string(spec);
}

// The first finding whose path ends with `path_end`, nullptr when there is none.
inline const Finding* find(const Snapshot& snapshot, std::string_view path_end,
                           Severity severity = Severity::kError) {
  for (const Finding& finding : snapshot.findings) {
    if (finding.severity == severity && finding.path.ends_with(path_end)) return &finding;
  }
  return nullptr;
}

inline std::string all_findings(const Snapshot& snapshot) {
  std::string out;
  for (const Finding& finding : snapshot.findings) out += finding.describe() + "\n";
  return out;
}

inline DocumentState state(const Snapshot& snapshot) { return snapshot.documents.at(0).state; }

}  // namespace sm::config
