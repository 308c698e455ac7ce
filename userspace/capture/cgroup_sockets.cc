// SPDX-License-Identifier: Apache-2.0
#include "capture/cgroup_sockets.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace sm::capture {
namespace {

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

// Memory that parent and child both see: the descriptors' numbers.
class SharedNumbers {
 public:
  explicit SharedNumbers(std::size_t count) : x_bytes(count * sizeof(int)) {
    void* memory =
        ::mmap(nullptr, x_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) x_numbers = static_cast<int*>(memory);
  }
  ~SharedNumbers() {
    if (x_numbers != nullptr) ::munmap(x_numbers, x_bytes);
  }
  SharedNumbers(const SharedNumbers&) = delete;
  SharedNumbers& operator=(const SharedNumbers&) = delete;
  int* get() const { return x_numbers; }

 private:
  std::size_t x_bytes;
  int* x_numbers = nullptr;
};

// In the child, a copy of a process with threads: system calls only. Descriptors are shared with
// the parent, so what is opened here stays.
[[noreturn]] void make_all(const std::vector<CgroupSocketWish>& wishes, int* numbers) {
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (::syscall(SYS_setns, wishes[i].netns, CLONE_NEWNET) != 0) continue;
    numbers[i] = static_cast<int>(
        ::syscall(SYS_socket, wishes[i].family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  for (;;) ::syscall(SYS_exit_group, 0);
}

}  // namespace

Result<std::vector<UniqueFd>> make_sockets_in_cgroup(int cgroup,
                                                     const std::vector<CgroupSocketWish>& wishes) {
  std::vector<UniqueFd> sockets(wishes.size());
  if (wishes.empty()) return sockets;
  const SharedNumbers shared(wishes.size());
  int* numbers = shared.get();
  if (numbers == nullptr) return system_error("map shared memory", errno);
  for (std::size_t i = 0; i < wishes.size(); ++i) numbers[i] = -1;
  clone_args arguments{};
  // Not CLONE_VM: the child returns from this call on a stack of its own. No exit signal either,
  // the daemon has no use for SIGCHLD.
  arguments.flags = CLONE_FILES | CLONE_VFORK | CLONE_INTO_CGROUP;
  arguments.cgroup = static_cast<__u64>(cgroup);
  const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) make_all(wishes, numbers);
  if (child < 0) {
    Error error = system_error("start a process in a cgroup", errno);
    if (errno == ENOSYS || errno == E2BIG || errno == EINVAL) error.code = ErrorCode::kUnsupported;
    return error;
  }
  while (::waitpid(static_cast<pid_t>(child), nullptr, __WALL) < 0 && errno == EINTR) {
  }
  for (std::size_t i = 0; i < wishes.size(); ++i) sockets[i].reset(numbers[i]);
  return sockets;
}

}  // namespace sm::capture
