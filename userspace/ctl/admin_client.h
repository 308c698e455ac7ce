// SPDX-License-Identifier: Apache-2.0
// The CLI's end of the daemon's admin socket: one request, one answer, blocking with a time limit.
// Any thread.
#pragma once

#include <chrono>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace sm::ctl {

struct Answer {
  int exit_code = 0;  // kExitDone with `result`; kExitFailed (the daemon refuses) or
                      // kExitUnreachable with `error`
  Json result;
  Error error;
};

inline constexpr std::chrono::milliseconds kAnswerTimeout{30'000};

// Sends `request` to the daemon behind `socket` and waits up to `timeout` for the whole exchange. A
// daemon that is not there, or goes away before it has answered, is kExitUnreachable; one that does
// not answer in time is kExitFailed.
Answer ask(const std::string& socket, const Json& request,
           std::chrono::milliseconds timeout = kAnswerTimeout);

}  // namespace sm::ctl
