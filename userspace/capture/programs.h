// SPDX-License-Identifier: Apache-2.0
// Programs: loads the eBPF programs and keeps their links pinned. Global ones hang on the pods'
// subtree and on the daemon's own cgroup; one sk_lookup instance hangs in each steered pod's netns.
// Owned by Kernel, control thread only.
//
// Everything is a transaction: all programs are loaded before the first link is touched, a new
// installation is built under a temporary name, a restart replaces the program of each link in
// place, so that there is no moment without one.
#pragma once

#include <bpf/libbpf.h>
#include <sockmesh/abi.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "capture/capture.h"
#include "capture/maps.h"
#include "capture/node_cgroup.h"

namespace sm::capture {

struct Installation {
  Maps maps;
  std::string pins;        // <bpffs>/v<ABI>
  bool recovered = false;  // the pins were there
};

// Loads and attaches the global programs below `bpffs` (which must be ours: locked). Undone on
// error.
Result<Installation> install(const std::string& bpffs, const Cgroup& pods, const Cgroup& own);

class Programs {
 public:
  explicit Programs(std::string pins) : x_pins(std::move(pins)) {}

  // Puts `config` in force for the netns: loads an instance, and attaches and pins it or replaces
  // the one that is there. kDenied when a foreign sk_lookup program is attached in that netns,
  // because the last one that selects would win.
  Result<> steer(const Maps& maps, int netns, const sm_arrive_config& config);
  void unsteer(std::uint64_t cookie);
  // The cookies with a pinned link; `alive` is false when the netns is gone.
  struct Steered {
    std::uint64_t cookie = 0;
    bool alive = false;
  };
  std::vector<Steered> steered() const;
  std::vector<Attachment> attachments(const Cgroup& pods, const Cgroup& own) const;

 private:
  std::string link_path(std::uint64_t cookie) const;
  std::string x_pins;
};

}  // namespace sm::capture
