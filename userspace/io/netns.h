// SPDX-License-Identifier: Apache-2.0
// NetnsScope: this thread is inside another network namespace while the object lives. Going back
// cannot fail quietly: a thread that stays in a pod's namespace would put everybody's traffic
// there, so the process ends instead.
#pragma once

#include "base/fd.h"
#include "base/result.h"

namespace sm::io {

// The namespace that the calling thread is in now.
Result<UniqueFd> current_netns();
// Opens a namespace by path (/run/netns/x, /proc/PID/ns/net) and checks that it is one.
Result<UniqueFd> open_netns(const char* path);

class NetnsScope {
 public:
  // Enters `netns`; `home` is what the destructor returns to. Both stay open while the scope lives.
  static Result<NetnsScope> enter(int netns, int home);
  NetnsScope(NetnsScope&& other) noexcept : x_home(std::exchange(other.x_home, -1)) {}
  NetnsScope(const NetnsScope&) = delete;
  NetnsScope& operator=(const NetnsScope&) = delete;
  NetnsScope& operator=(NetnsScope&&) = delete;
  ~NetnsScope();

 private:
  explicit NetnsScope(int home) : x_home(home) {}
  int x_home;
};

}  // namespace sm::io
