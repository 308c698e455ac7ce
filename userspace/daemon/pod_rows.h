// SPDX-License-Identifier: Apache-2.0
// The rows of `pods`: every pod of this node, enrolled or not, with its state and why it is not
// further. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "capture/enrolment.h"
#include "config/enrolment_rules.h"

namespace sm::daemon {

// Sessions by pod key; a pod without an entry shows null (its workers did not answer in time).
using SessionCounts = std::map<std::string, std::size_t>;

// [{"namespace","name","state","node","ips","netnsCookie","workers","gateway","sessions","message",
// "lists","selfTest","oldConnections"}] (capture_rows.h has the last three; the first two of them
// are null for a pod that is not in the mesh): the pods of the rules in their order, then those
// that the kernel side still has and nobody wishes (they are being released). The state of a pod
// that is not in the mesh is "NotEnrolled". Pods that have ended are left out once they are
// released.
Json pod_rows(const std::string& node_name, const std::vector<config::Enrolment>& rules,
              const std::vector<capture::PodStatus>& statuses, const SessionCounts& sessions);

}  // namespace sm::daemon
