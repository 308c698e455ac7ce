// SPDX-License-Identifier: Apache-2.0
// PodStates: remembers the state of each pod of this node and says what changed, so that each
// change is one log line. Control thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "capture/enrolment.h"

namespace sm::daemon {

class PodStates {
 public:
  struct Change {
    std::string key;
    std::string from;     // "" for a pod seen first
    std::string to;       // "Gone" for one that is no longer listed
    std::string because;  // why it is not further; may be empty
  };
  // `statuses` is everything there is now. A pod whose state and reason are as before is not
  // mentioned.
  std::vector<Change> take(const std::vector<capture::PodStatus>& statuses);

 private:
  struct Known {
    std::string state;
    std::string because;
  };
  std::map<std::string, Known> x_known;
};

// The line of one change, for those who follow the daemon's side of it (debug): capture/ says what
// it did, and why it could not, at info and warn.
void log_change(const PodStates::Change& change);

}  // namespace sm::daemon
