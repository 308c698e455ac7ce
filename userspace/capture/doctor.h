// SPDX-License-Identifier: Apache-2.0
// What this host can and cannot do for capture: each condition that would make the daemon refuse to
// start, or work less well, before anybody starts it. Needs no daemon and changes nothing.
#pragma once

#include <string>
#include <vector>

#include "capture/capture.h"
#include "capture/host_view.h"

namespace sm::capture {

enum class CheckState : std::uint8_t {
  kOk,
  kWarn,  // works, with what `text` says
  kFail,  // the daemon would refuse to start, or pods could not be enrolled
};
// "ok", "warn", "fail"
std::string_view to_string(CheckState state);

struct Check {
  std::string name;  // "kernel", "btf", "cgroup v2", ...
  CheckState state = CheckState::kOk;
  std::string text;    // what was found, and why it matters
  std::string remedy;  // what to do; empty when ok
};

// What the daemon would be started with.
struct HostQuestion {
  std::string cgroup;  // as in the node file; empty: the subtree is not looked at
  std::string bpffs;
  std::string run_dir;  // empty: not looked at
  UnknownPods unknown_pods = UnknownPods::kDeny;
  std::vector<std::string> netns_paths;  // of this node's pods, as far as they are known
  HostView host{};
};

// Every condition has one row of its own name; what is found several times (foreign programs) has
// several.
std::vector<Check> check_host(const HostQuestion& question);

}  // namespace sm::capture
