// SPDX-License-Identifier: Apache-2.0
// Questions to `explain` (interfaces.md 3.2): from the command line, or from the lines of a batch.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "ctl/invocation.h"

namespace sm::ctl {

// What the command line asks, and from what.
struct Asked {
  Json question;                         // as one line of a batch; null with --batch
  std::vector<std::string> directories;  // of --config; empty: the daemon is asked
};

// The error is a usage error.
Result<Asked> asked_by(const Invocation& call);

// One line of a batch: a question, or why it is none.
struct BatchLine {
  std::string id;  // empty when the line has none
  Json question;   // null when `error` says something
  std::string error;
};

// Empty lines are passed over.
std::vector<BatchLine> batch_lines(std::string_view text);

}  // namespace sm::ctl
