// SPDX-License-Identifier: Apache-2.0
#include "config/source_watch.h"

#include <dirent.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/limits.h"

namespace sm::config {
namespace {

constexpr std::uint32_t kMask = IN_CREATE | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM |
                                IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kLinkHopsMax = 40;  // as the kernel's own limit

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> target = {};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Result<SourceWatch> SourceWatch::open(std::vector<std::string> directories) {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) {
    Error error = system_error("cannot watch the resource directories", errno);
    error.remedy = "raise fs.inotify.max_user_instances";
    return error;
  }
  SourceWatch watch(std::move(fd), std::move(directories));
  watch.renew();
  return watch;
}

SourceWatch::SourceWatch(UniqueFd fd, std::vector<std::string> directories)
    : x_fd(std::move(fd)), x_directories(std::move(directories)) {
  for (std::string& directory : x_directories) {
    while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  }
}

bool SourceWatch::drain() {
  bool changed = false;
  alignas(inotify_event) std::array<char, 16 * 1024> block;
  for (;;) {
    const ssize_t got = ::read(x_fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event = {};
      std::memcpy(&event, block.data() + at, sizeof(event));
      const char* name = event.len > 0 ? block.data() + at + sizeof(event) : "";
      changed = changed || matters(event, name);
      at += sizeof(event) + event.len;
    }
  }
  // Before the caller reads the files: what changes after this line is told again.
  if (changed) renew();
  return changed;
}

bool SourceWatch::matters(const inotify_event& event, const char* name) const {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return true;
  if ((event.mask & IN_IGNORED) != 0) return false;
  const auto found = x_watches.find(event.wd);
  if (found == x_watches.end()) return false;  // told before the watch was given up
  if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) return true;
  const std::string_view text(name);
  if (!found->second.everything) return found->second.names.contains(std::string(text));
  // Hidden names are passed over by the scan as well, but "..data" is what a ConfigMap volume
  // swaps.
  if (text.starts_with(".") && !text.starts_with("..")) return false;
  if ((event.mask & IN_CREATE) != 0 && (event.mask & IN_ISDIR) == 0) {
    // A file that somebody is about to write tells again when it is closed; links are complete at
    // once.
    struct stat info = {};
    const std::string path = x_paths.at(event.wd) + "/" + std::string(text);
    if (::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1)
      return false;
  }
  return true;
}

void SourceWatch::renew() {
  x_wanted.clear();
  x_unwatched.clear();
  for (const std::string& directory : x_directories) want_path(directory, 0);
  std::map<int, Interest> watches;
  std::map<int, std::string> paths;
  for (auto& [path, interest] : x_wanted) {
    const int wd = ::inotify_add_watch(x_fd.get(), path.c_str(), kMask);
    if (wd < 0) {
      // A folder that went away meanwhile has told so through its parent.
      if (errno != ENOENT && errno != ENOTDIR) x_unwatched.push_back(path);
      continue;
    }
    Interest& merged = watches[wd];  // two paths may lead to one folder
    merged.everything = merged.everything || interest.everything;
    merged.names.merge(interest.names);
    paths.emplace(wd, path);
  }
  for (const auto& [wd, interest] : x_watches) {
    if (!watches.contains(wd)) ::inotify_rm_watch(x_fd.get(), wd);
  }
  x_watches = std::move(watches);
  x_paths = std::move(paths);
}

// A path of the configuration: its own appearance and replacement is seen through its parent.
void SourceWatch::want_path(const std::string& path, int depth) {
  want_child(path);
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (S_ISLNK(info.st_mode)) want_link(path, 0);
  if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) want_tree(path, depth);
}

// Waits for one name in the nearest parent that exists.
void SourceWatch::want_child(const std::string& path) {
  std::string child = path;
  for (;;) {
    const std::string parent = parent_of(child);
    struct stat info = {};
    if (::stat(parent.c_str(), &info) == 0) {
      x_wanted[parent].names.insert(name_of(child));
      return;
    }
    if (parent == child || parent == "." || parent == "/") return;
    child = parent;
  }
}

// A link may be swapped at every hop, and its target edited.
void SourceWatch::want_link(const std::string& path, int hops) {
  if (hops > kLinkHopsMax) return;
  std::string target = read_link(path);
  if (target.empty()) return;
  if (target.front() != '/') target = parent_of(path) + "/" + target;
  want_child(target);
  want_link(target, hops + 1);
}

void SourceWatch::want_tree(const std::string& directory, int depth) {
  if (depth > static_cast<int>(kSourceDepthMax) || x_wanted[directory].everything) return;
  x_wanted[directory].everything = true;
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(directory.c_str()));
  if (!dir) return;
  while (const dirent* entry = ::readdir(dir.get())) {  // NOLINT(concurrency-mt-unsafe): own stream
    const std::string path = directory + "/" + &entry->d_name[0];
    if (entry->d_name[0] == '.') continue;
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0) continue;
    if (S_ISLNK(info.st_mode)) want_link(path, 0);
    if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) want_tree(path, depth + 1);
  }
}

}  // namespace sm::config
