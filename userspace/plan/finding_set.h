// SPDX-License-Identifier: Apache-2.0
// FindingSet: what the planner has to say, each thing once, however many namespaces' views ran into
// it. One build, one thread.
#pragma once

#include <string>
#include <unordered_set>

#include "config/finding.h"

namespace sm::plan {

namespace code {
inline constexpr std::string_view kDangling = "IST0101";  // a host or subset that does not exist
inline constexpr std::string_view kMeshHostTaken =
    "IST0109";  // two VirtualServices for one host in the mesh
inline constexpr std::string_view kDenied =
    "SM0902";  // a security policy that cannot be enforced yet
inline constexpr std::string_view kHeaderRefused =
    "SM0903";  // a header operation that is never done
inline constexpr std::string_view kPatternTooLarge =
    "SM0904";  // a regular expression beyond the memory that it may have
}  // namespace code

class FindingSet {
 public:
  void add(config::Finding finding) {
    std::string key = finding.object.key() + "|" + std::to_string(finding.mark.line) + "|" +
                      std::to_string(finding.mark.column) + "|" + finding.path + "|" +
                      finding.message;
    if (x_told.insert(std::move(key)).second) x_findings.push_back(std::move(finding));
  }
  config::Findings take() { return std::move(x_findings); }

 private:
  config::Findings x_findings;
  std::unordered_set<std::string> x_told;
};

}  // namespace sm::plan
