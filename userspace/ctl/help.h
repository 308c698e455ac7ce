// SPDX-License-Identifier: Apache-2.0
// Help texts, made from the table of verbs. Pure.
#pragma once

#include <string>

#include "ctl/verb.h"

namespace sm::ctl {

// Every verb with its line, the common options, the exit codes.
std::string overview();
// One verb: usage, what it does, its options.
std::string help_for(const Verb& verb);

}  // namespace sm::ctl
