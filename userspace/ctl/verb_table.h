// SPDX-License-Identifier: Apache-2.0
// The verbs as data, in the groups and in the order of the help text.
#pragma once

#include <vector>

#include "ctl/verb.h"

namespace sm::ctl {

std::vector<Verb> online_verbs();   // that ask the daemon
std::vector<Verb> store_verbs();    // that write resources
std::vector<Verb> offline_verbs();  // that judge resources
std::vector<Verb> host_verbs();     // about this machine and this program

}  // namespace sm::ctl
