// SPDX-License-Identifier: Apache-2.0
// Plans made without a daemon, for the offline verbs: the same config and plan code, on resources
// that describe pods which need not exist on this machine. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/snapshot.h"

namespace sm::ctl {

// The names of all nodes that Pods are on, each once, in order of appearance. One empty name when
// there is none, so that a set without pods is looked at as well.
std::vector<std::string> node_names(const config::Snapshot& snapshot);

// Keys of the pods of `node` that would be enrolled there. The netns annotation is not asked for:
// it says where a pod runs, not what it may do, and files under review often do not have it yet.
std::vector<std::string> enrolled_pods(const config::Snapshot& snapshot, std::string_view node);

}  // namespace sm::ctl
