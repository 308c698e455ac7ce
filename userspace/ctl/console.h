// SPDX-License-Identifier: Apache-2.0
// Console: the three streams of the CLI, so that run() can be tested without a process. Results go
// to out(), everything else to err().
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sm::ctl {

class Console {
 public:
  virtual ~Console() = default;
  virtual void out(std::string_view text) = 0;
  virtual void err(std::string_view text) = 0;
  // All of standard input. Fails when it cannot be read or is longer than kInputBytesMax.
  virtual Result<std::string> input() = 0;
};

}  // namespace sm::ctl
