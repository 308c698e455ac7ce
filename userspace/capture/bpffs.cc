// SPDX-License-Identifier: Apache-2.0
#include "capture/bpffs.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

namespace sm::capture {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

bool is_directory(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// mkdir -p; `stuck` is the deepest directory that exists when it fails.
Result<> make_all(const std::string& path, std::string& stuck) {
  if (is_directory(path)) return {};
  if (path == "/") return {};
  SM_TRY(make_all(parent_of(path), stuck));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  const int failed = errno;
  stuck = parent_of(path);
  return system_error("create " + path, failed);
}

// The source of our mounts: it makes them known as ours from the first moment.
constexpr const char* kSource = "sockmesh";
// A directory in mounts that older versions made.
constexpr const char* kMark = "mounted_by_sockmesh";

struct EndMounts {
  void operator()(std::FILE* file) const { ::endmntent(file); }
};

bool is_our_mount(const std::string& path) {
  if (is_directory(path + "/" + kMark)) return true;
  const std::unique_ptr<std::FILE, EndMounts> mounts(::setmntent("/proc/self/mounts", "re"));
  mntent entry{};
  std::array<char, 4096> text{};
  bool ours = false;
  while (mounts && ::getmntent_r(mounts.get(), &entry, text.data(),
                                 static_cast<int>(text.size())) != nullptr) {
    if (path == entry.mnt_dir) ours = std::string_view(entry.mnt_fsname) == kSource;
  }
  return ours;
}

Result<> mount_at(const std::string& path) {
  if (::mount(kSource, path.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0)
    return {};
  Error error = system_error("mount bpffs at " + path, errno);
  error.remedy = "mount it beforehand (mount -t bpf bpf " + path + ") or give CAP_SYS_ADMIN";
  return error;
}

}  // namespace

bool is_on_bpffs(const std::string& path) {
  struct statfs about {};
  return ::statfs(path.c_str(), &about) == 0 &&
         static_cast<unsigned long>(about.f_type) == BPF_FS_MAGIC;
}

Result<> ensure_bpffs(const std::string& directory) {
  if (directory.empty() || directory.front() != '/') {
    return Error{ErrorCode::kInvalid, "bpffs: " + directory + " is not an absolute path",
                 "name one such as /sys/fs/bpf/sockmesh"};
  }
  std::string stuck;
  const Result<> made = make_all(directory, stuck);
  if (made) return is_on_bpffs(directory) ? Result<>() : mount_at(directory);
  // /sys/fs/bpf without a bpffs on it: a directory of sysfs, in which nothing can be made. It is
  // there to be mounted on.
  if (stuck.empty() || is_on_bpffs(stuck)) return made.error();
  SM_TRY(mount_at(stuck));
  return make_all(directory, stuck);
}

Result<bool> leave_bpffs(const std::string& directory, std::vector<std::string>& done) {
  std::string mount_point = directory;
  while (mount_point != "/" && is_on_bpffs(parent_of(mount_point)))
    mount_point = parent_of(mount_point);
  if (mount_point != directory && ::rmdir(directory.c_str()) != 0 && errno != ENOENT) {
    done.push_back("left " + directory + ": others have pins there");
    return true;
  }
  if (!is_our_mount(mount_point)) return true;
  for (const std::string& name : names_in(mount_point)) {
    // The kernel's own two files, and our mark.
    if (name == "maps.debug" || name == "progs.debug" || name == kMark) continue;
    done.push_back("left " + mount_point + " mounted: others have pins there");
    return true;
  }
  if (::umount2(mount_point.c_str(), UMOUNT_NOFOLLOW) == 0) {
    done.push_back("unmounted " + mount_point);
    return true;
  }
  if (errno != EBUSY) return system_error("unmount " + mount_point, errno);
  done.push_back("left " + mount_point +
                 " mounted: it is in use; run this again when sockmeshd has ended");
  return false;
}

Result<UniqueFd> lock_directory(const std::string& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return system_error("open " + directory, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK) {
    return Error{ErrorCode::kUnavailable, "another sockmeshd uses " + directory,
                 "stop it, or give each daemon its own bpffs:, runDir: and cgroup:"};
  }
  return system_error("lock " + directory, errno);
}

Result<> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return system_error("create " + path, errno);
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (!dir) return names;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<> remove_pins(const std::string& path, bool detach, std::vector<std::string>& done) {
  for (const std::string& name : names_in(path)) {
    const std::string child = path + "/" + name;
    if (is_directory(child)) {
      SM_TRY(remove_pins(child, detach, done));
      continue;
    }
    if (detach) {
      const UniqueFd pinned(bpf_obj_get(child.c_str()));
      if (pinned.valid())
        bpf_link_detach(pinned.get());  // a map says EINVAL, a dead link ENOLINK: both are fine
    }
    if (::unlink(child.c_str()) != 0 && errno != ENOENT)
      return system_error("remove " + child, errno);
    done.push_back("removed " + child);
  }
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) return system_error("remove " + path, errno);
  return {};
}

}  // namespace sm::capture
