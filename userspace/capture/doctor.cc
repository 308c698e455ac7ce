// SPDX-License-Identifier: Apache-2.0
#include "capture/doctor.h"

#include <iterator>
#include <utility>

#include "capture/host_checks.h"
#include "capture/place_checks.h"

namespace sm::capture {
namespace {

void append(std::vector<Check>& checks, std::vector<Check> more) {
  checks.insert(checks.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<Check> check_host(const HostQuestion& question) {
  std::vector<Check> checks = check_kernel(question);
  append(checks, check_bpffs(question));
  append(checks, check_settings(question));
  if (!question.cgroup.empty()) append(checks, check_subtree(question));
  if (!question.netns_paths.empty()) append(checks, check_namespaces(question));
  return checks;
}

}  // namespace sm::capture
