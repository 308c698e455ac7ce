// SPDX-License-Identifier: Apache-2.0
// The rows of `doctor` about the places that a daemon would use: its bpffs directory, the pods'
// subtree, the pods' namespaces. Reads only.
#pragma once

#include <vector>

#include "capture/doctor.h"

namespace sm::capture {

std::vector<Check> check_bpffs(const HostQuestion& question);
std::vector<Check> check_subtree(const HostQuestion& question);
std::vector<Check> check_namespaces(const HostQuestion& question);

}  // namespace sm::capture
