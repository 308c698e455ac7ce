// SPDX-License-Identifier: Apache-2.0
// UniqueFd: owns one file descriptor and closes it. Movable, not copyable.
#pragma once

#include <unistd.h>

#include <utility>

namespace sm {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : x_fd(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : x_fd(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return x_fd; }
  bool valid() const { return x_fd >= 0; }
  int release() { return std::exchange(x_fd, -1); }
  void reset(int fd = -1) {
    const int old = std::exchange(x_fd, fd);
    if (old >= 0) ::close(old);
  }

 private:
  int x_fd = -1;
};

}  // namespace sm
