// SPDX-License-Identifier: Apache-2.0
// SelfTester: proves again and again that a pod's connections are captured. It makes a socket as
// the pod's applications would (in their netns, below their cgroup), connects it to an address that
// is nobody's (RFC 5737, RFC 3849), and waits for the pod's worker to answer with the pod's name.
// The socket is bound to lo until the hook takes that off, so a test that is not captured leaves
// the pod no more than one that is. Owned by Enrolment, control thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"
#include "capture/capture.h"

namespace sm::capture {

struct SelfTestTarget {
  std::string key;
  std::uint64_t cookie = 0;
  std::string netns_path;
  bool ipv6 = false;  // in that family too
};

struct SelfTestResult {
  std::string key;
  std::uint64_t cookie = 0;
  int family = 0;
  std::string failure;  // empty: captured and answered as this pod
};

class SelfTester {
 public:
  explicit SelfTester(Kernel& kernel) : x_kernel(kernel) {}

  // Starts one test of each target. Those that cannot be started fail at once.
  void launch(const std::vector<SelfTestTarget>& targets);
  // The tests that ended since the last call; those that got no answer in kSelfTestTimeout failed.
  std::vector<SelfTestResult> collect();
  bool idle() const { return x_running.empty() && x_ended.empty(); }

 private:
  struct Running {
    SelfTestTarget target;
    int family = 0;
    UniqueFd socket;
    std::string answer;
    std::chrono::steady_clock::time_point deadline;
  };
  void connect(Running one);
  void end(const SelfTestTarget& target, int family, std::string failure);
  bool read(Running& one);

  Kernel& x_kernel;
  std::vector<Running> x_running;
  std::vector<SelfTestResult> x_ended;
};

}  // namespace sm::capture
