// SPDX-License-Identifier: Apache-2.0
// FindingLog: says each finding once. A reload finds the same things again; only what is new is a
// line, and what has been settled is one line with a count. Control thread.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "config/finding.h"

namespace sm::daemon {

class FindingLog {
 public:
  struct News {
    std::vector<const config::Finding*>
        appeared;  // into the list given to take(), in its order, each text once
    std::size_t gone = 0;
  };
  // `findings` is everything that is found now.
  News take(const config::Findings& findings);

 private:
  std::set<std::string> x_known;
};

// Logs the news: errors as warnings (the rest of the configuration works), warnings as warnings,
// infos as debug.
void log_news(const FindingLog::News& news);

}  // namespace sm::daemon
