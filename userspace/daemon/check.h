// SPDX-License-Identifier: Apache-2.0
// `sockmeshd --check`: what the daemon would load, loaded and judged by the same code, without
// touching the machine: no root, no cgroup, no bpffs, no stateDir.
#pragma once

#include <cstdio>

#include "config/node_config.h"

namespace sm::daemon {

// Writes one line a finding and a summary to `out`. Returns the exit status: 1 when a finding is an
// error, else 0.
int check_resources(const config::NodeConfig& node, std::FILE* out);

}  // namespace sm::daemon
