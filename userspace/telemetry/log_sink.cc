// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "base/result.h"
#include "telemetry/access_log.h"

namespace sm::telemetry {
namespace {

constexpr log::Logger kLog{log::Component::kDaemon};

struct Target {
  UniqueFd fd;
  bool may_block = false;
};

int standard_fd(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  return -1;
}

Result<Target> open_standard(const std::string& path) {
  const int standard = standard_fd(path);
  struct stat status {};
  if (::fstat(standard, &status) != 0) return system_error("cannot use " + path, errno);
  if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
    // Opened anew, a pipe can be non-blocking for us alone: the mode belongs to the open file,
    // which others share.
    const std::string again = "/proc/self/fd/" + std::to_string(standard);
    UniqueFd own(::open(again.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (own.valid()) return Target{std::move(own), false};
  }
  // A regular file keeps the shared open file, whose offset standard error may share too.
  UniqueFd copy(::fcntl(standard, F_DUPFD_CLOEXEC, 3));
  if (!copy.valid()) return system_error("cannot use " + path, errno);
  return Target{std::move(copy), !S_ISREG(status.st_mode)};
}

Result<Target> open_target(const std::string& path) {
  if (standard_fd(path) >= 0) return open_standard(path);
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
  UniqueFd file(::open(path.c_str(), kFlags, 0640));
  if (!file.valid()) return system_error("cannot open the access log " + path, errno);
  return Target{std::move(file), false};
}

std::uint64_t count_lines(std::string_view lines) {
  return static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace

void LogSink::open(const std::string& path) {
  Target target;
  if (!path.empty()) {
    auto opened = open_target(path);
    if (opened.ok()) {
      target = std::move(*opened);
    } else {
      kLog.error("{}; its lines are dropped and counted", opened.error().describe());
    }
  }
  const std::lock_guard lock(x_lock);
  // The rest of a line means nothing in another file.
  if (!x_rest.empty()) count_dropped(1);
  x_rest.clear();
  x_path = path;
  x_file = std::move(target.fd);
  x_may_block = target.may_block;
  x_enabled.store(!path.empty(), std::memory_order_relaxed);
}

void LogSink::reopen() {
  std::string path;
  {
    const std::lock_guard lock(x_lock);
    path = x_path;
  }
  if (path.empty() || standard_fd(path) >= 0) return;
  auto opened = open_target(path);
  if (!opened.ok()) {
    kLog.error("{}; the file that was open stays in use", opened.error().describe());
    return;
  }
  const std::lock_guard lock(x_lock);
  if (x_path != path) return;  // another configuration came first
  if (!x_rest.empty()) count_dropped(1);
  x_rest.clear();
  x_file = std::move(opened->fd);
  x_may_block = false;
}

ssize_t LogSink::write_some(std::string_view bytes) const {
  if (x_may_block) {
    pollfd ready{x_file.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1) return 0;
    // A writable pipe takes this much without waiting.
    bytes = bytes.substr(0, PIPE_BUF);
  }
  ssize_t written = 0;
  do {
    written = ::write(x_file.get(), bytes.data(), bytes.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
  return written;
}

bool LogSink::finish_line() {
  while (!x_rest.empty()) {
    const ssize_t written = write_some(x_rest);
    if (written == 0) return false;
    if (written < 0) {
      count_dropped(1);
      x_rest.clear();
      return true;
    }
    x_rest.erase(0, static_cast<std::size_t>(written));
  }
  return true;
}

std::size_t LogSink::write(std::string_view lines) {
  const std::lock_guard lock(x_lock);
  if (!finish_line()) return 0;
  std::size_t taken = 0;
  while (taken < lines.size()) {
    const ssize_t written = write_some(lines.substr(taken));
    if (written < 0) {
      count_dropped(count_lines(lines.substr(taken)));
      return lines.size();
    }
    taken += static_cast<std::size_t>(written);
    if (written > 0) continue;
    // Full. A line that was begun is ours now; whole lines stay with the caller.
    if (taken == 0 || lines[taken - 1] == '\n') return taken;
    const std::size_t end = std::min(lines.find('\n', taken), lines.size() - 1) + 1;
    x_rest.assign(lines.substr(taken, end - taken));
    return end;
  }
  return taken;
}

void LogSink::set_format(std::shared_ptr<const AccessFormat> format) {
  const std::lock_guard lock(x_lock);
  x_format = std::move(format);
  x_format_version.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const AccessFormat> LogSink::format() {
  const std::lock_guard lock(x_lock);
  return x_format;
}

}  // namespace sm::telemetry
