// SPDX-License-Identifier: Apache-2.0
// Options: the command line of sockmeshd. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sm::daemon {

struct Options {
  enum class Action : unsigned char { kRun, kCheck, kVersion, kHelp };
  Action action = Action::kRun;
  std::string config;  // --config; not empty for kRun and kCheck
};

// `arguments` without the program's name. Errors: kInvalid, what is wrong with the remedy.
Result<Options> parse_options(const std::vector<std::string_view>& arguments);

std::string_view help_text();

}  // namespace sm::daemon
