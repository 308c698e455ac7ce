// SPDX-License-Identifier: Apache-2.0
// What Enrolment keeps of one wish. For its own files only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "capture/enrolment.h"
#include "capture/pod_row.h"

namespace sm::capture {

// What is done of one wish. `net` and the kernel's entries exist from kSteered on.
struct Enrolment::Pod {
  PodWish wish;
  PodState state = PodState::kSeen;
  std::uint64_t cookie = 0;
  dev_t device = 0;
  ino_t inode = 0;
  std::optional<Error> error;
  std::uint32_t policy = 0;  // of its lists, in force
  // The wish that is in force, while a change to `wish` could not be made. It is tried again.
  std::optional<PodWish> unchanged;
  // Second descriptors of the listeners, so that a slot can be taken from a worker that is stuck
  // and given back to it.
  std::vector<KernelListener> listeners;
  std::vector<OldConnection> old_connections;
  SelfTest self_test;
  std::map<int, std::string> test_failures;  // by family; a family that passed last has none

  bool in_force() const { return state == PodState::kSteered || state == PodState::kReady; }
};

}  // namespace sm::capture
