// SPDX-License-Identifier: Apache-2.0
#include "daemon/run_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/text.h"

namespace sm::daemon {

namespace {
Result<> make_directory(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed) return system_error(fmt::format("cannot make runDir {}", path), failed.value());
  // Whoever may reach the admin socket may steer the mesh.
  if (::chmod(path.c_str(), 0700) != 0) {
    return system_error(fmt::format("cannot restrict runDir {}", path), errno);
  }
  return {};
}

std::string pid_in(int fd) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  if (got <= 0) return "unknown";
  return std::string(trim(
      std::string_view(text.data(), static_cast<std::size_t>(got))
          .substr(0, std::string_view(text.data(), static_cast<std::size_t>(got)).find('\n'))));
}
}  // namespace

bool RunDirectory::taken_by_another() const {
  struct stat about {};
  if (::stat((x_path + "/pid").c_str(), &about) != 0) return false;
  return about.st_mtim.tv_sec != x_written.tv_sec || about.st_mtim.tv_nsec != x_written.tv_nsec;
}

Result<RunDirectory> RunDirectory::take(const std::string& path) {
  SM_TRY(make_directory(path));
  const std::string file = path + "/pid";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) return system_error(fmt::format("cannot open {}", file), errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(fmt::format("cannot lock {}", file), errno);
    return Error{ErrorCode::kUnavailable,
                 fmt::format("another sockmeshd (pid {}) uses runDir {}", pid_in(fd.get()), path),
                 "two daemons on one host need different runDir, bpffs and cgroup"};
  }
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return system_error(fmt::format("cannot write {}", file), errno);
  }
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0)
    return system_error(fmt::format("cannot stat {}", file), errno);
  return RunDirectory(path, std::move(fd), about.st_mtim);
}

}  // namespace sm::daemon
