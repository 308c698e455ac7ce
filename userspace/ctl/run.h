// SPDX-License-Identifier: Apache-2.0
// sockmeshctl without its process: arguments and streams in, exit code out.
#pragma once

#include <string>
#include <vector>

#include "ctl/console.h"

namespace sm::ctl {

// `arguments` without the program's name. Returns one of exit_code.h.
int run(const std::vector<std::string>& arguments, Console& console);

}  // namespace sm::ctl
