// SPDX-License-Identifier: Apache-2.0
// Shell completion, made from the table of verbs. Pure.
#pragma once

#include <string>

namespace sm::ctl {

// A script for bash (4.4 or later, no other package needed) that defines and registers the
// completion of sockmeshctl.
std::string bash_completion();

}  // namespace sm::ctl
