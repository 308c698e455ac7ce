// SPDX-License-Identifier: Apache-2.0
#include "io/netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/vfs.h>

#include <cerrno>
#include <string>

namespace sm::io {

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

Result<UniqueFd> current_netns() { return open_netns("/proc/thread-self/ns/net"); }

Result<UniqueFd> open_netns(const char* path) {
  UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return system_error(std::string("open ") + path, errno);
  struct statfs about {};
  if (::fstatfs(fd.get(), &about) != 0) return system_error(std::string("statfs ") + path, errno);
  if (about.f_type != NSFS_MAGIC) {
    return Error{ErrorCode::kInvalid, std::string(path) + " is not a network namespace",
                 "name a file such as /run/netns/NAME"};
  }
  return fd;
}

Result<NetnsScope> NetnsScope::enter(int netns, int home) {
  if (::setns(netns, CLONE_NEWNET) != 0) return system_error("setns", errno);
  return NetnsScope(home);
}

NetnsScope::~NetnsScope() {
  if (x_home < 0) return;
  const int returned = ::setns(x_home, CLONE_NEWNET);
  SM_ASSERT(returned == 0);
}

}  // namespace sm::io
