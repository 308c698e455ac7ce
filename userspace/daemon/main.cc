// SPDX-License-Identifier: Apache-2.0
// sockmeshd: see program.h.
#include <string_view>
#include <vector>

#include "daemon/program.h"
#include "daemon/signals.h"

int main(int argc, char** argv) {
  sm::daemon::block_signals();
  return sm::daemon::run_program(
      std::vector<std::string_view>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
