// SPDX-License-Identifier: Apache-2.0
#include "daemon/pod_states.h"

#include <utility>

#include "base/log.h"

namespace sm::daemon {

namespace {
constexpr log::Logger kLog{log::Component::kDaemon};
}  // namespace

std::vector<PodStates::Change> PodStates::take(const std::vector<capture::PodStatus>& statuses) {
  std::vector<Change> changes;
  std::map<std::string, Known> now;
  for (const capture::PodStatus& status : statuses) {
    Known known{std::string(capture::to_string(status.state)),
                status.error ? status.error->describe() : std::string()};
    if (status.bypass) known.state += " (not in the mesh)";
    const auto before = x_known.find(status.key);
    const bool fresh = before == x_known.end();
    if (fresh || before->second.state != known.state || before->second.because != known.because) {
      changes.push_back(
          {status.key, fresh ? std::string() : before->second.state, known.state, known.because});
    }
    now.emplace(status.key, std::move(known));
  }
  const std::string gone(capture::to_string(capture::PodState::kGone));
  for (const auto& [key, known] : x_known) {
    if (now.count(key) == 0 && known.state != gone) changes.push_back({key, known.state, gone, {}});
  }
  x_known = std::move(now);
  return changes;
}

void log_change(const PodStates::Change& change) {
  const std::string line =
      change.from.empty() || change.from == change.to
          ? fmt::format("pod {}: {}", change.key, change.to)
          : fmt::format("pod {}: {} -> {}", change.key, change.from, change.to);
  if (change.because.empty()) {
    kLog.debug("{}", line);
  } else {
    kLog.debug("{}: {}", line, change.because);
  }
}

}  // namespace sm::daemon
