// SPDX-License-Identifier: Apache-2.0
// The files that a verb is given: names, directories, or "-" for standard input.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ctl/console.h"

namespace sm::ctl {

struct Input {
  std::string name;  // as findings name it; "-" for standard input
  std::string text;
};

// Reads each of `names`. A directory stands for the *.yaml, *.yml and *.json files below it in path
// order, without those whose name (or folder's name) starts with a dot. Fails on the first that
// cannot be read, or is longer than kResourceFileBytesMax.
Result<std::vector<Input>> read_inputs(const std::vector<std::string>& names, Console& console);

}  // namespace sm::ctl
