// SPDX-License-Identifier: Apache-2.0
// The program sockmeshd, apart from main: reads its command line and the node file, then serves
// (server.h) or checks (check.h). On the main thread.
#pragma once

#include <string_view>
#include <vector>

namespace sm::daemon {

// `arguments` without the program's name. Returns the exit status: 0 ended as asked, 1 failed, 2
// wrong usage. Requires: block_signals() was called.
int run_program(const std::vector<std::string_view>& arguments);

}  // namespace sm::daemon
