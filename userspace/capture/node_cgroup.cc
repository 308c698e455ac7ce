// SPDX-License-Identifier: Apache-2.0
#include "capture/node_cgroup.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <mntent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

#include "base/log.h"

namespace sm::capture {
namespace {

constexpr log::Logger kLog{log::Component::kCapture};

struct Hook {
  bpf_attach_type type;
  const char* name;
};
constexpr std::array<Hook, 9> kHooks = {{{BPF_CGROUP_INET4_CONNECT, "connect4"},
                                         {BPF_CGROUP_INET6_CONNECT, "connect6"},
                                         {BPF_CGROUP_INET4_GETPEERNAME, "getpeername4"},
                                         {BPF_CGROUP_INET6_GETPEERNAME, "getpeername6"},
                                         {BPF_CGROUP_INET4_GETSOCKNAME, "getsockname4"},
                                         {BPF_CGROUP_INET6_GETSOCKNAME, "getsockname6"},
                                         {BPF_CGROUP_SOCK_OPS, "sock_ops"},
                                         {BPF_CGROUP_INET_INGRESS, "ingress"},
                                         {BPF_CGROUP_INET_EGRESS, "egress"}}};

struct EndMounts {
  void operator()(std::FILE* file) const { ::endmntent(file); }
};

std::string without_slashes(std::string path) {
  while (!path.empty() && path.front() == '/') path.erase(0, 1);
  while (!path.empty() && path.back() == '/') path.pop_back();
  return path;
}

Result<Cgroup> open_at(std::string path) {
  Cgroup cgroup;
  cgroup.fd.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!cgroup.fd.valid()) return system_error("open the cgroup " + path, errno);
  struct stat about {};
  if (::fstat(cgroup.fd.get(), &about) != 0) return system_error("stat " + path, errno);
  cgroup.id = about.st_ino;  // cgroup v2: the inode number is the cgroup id
  cgroup.path = std::move(path);
  return cgroup;
}

void look_at(const std::string& path, std::vector<std::string>& found) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return;
  for (const Hook& hook : kHooks) {
    std::array<__u32, 64> ids{};
    __u32 count = ids.size();
    __u32 flags = 0;
    if (bpf_prog_query(fd.get(), hook.type, 0, &flags, ids.data(), &count) != 0 || count == 0)
      continue;
    if ((flags & BPF_F_ALLOW_MULTI) != 0) continue;
    const bool overridable = (flags & BPF_F_ALLOW_OVERRIDE) != 0;
    found.push_back(fmt::format(
        "{} holds a {} program (id {}) {}", path, hook.name, ids[0],
        overridable ? "that ours below would switch off" : "that allows no other below it"));
  }
}

}  // namespace

Result<std::string> cgroup2_root() {
  const std::unique_ptr<std::FILE, EndMounts> mounts(::setmntent("/proc/self/mounts", "re"));
  if (!mounts) return system_error("open /proc/self/mounts", errno);
  mntent entry{};
  std::array<char, 4096> text{};
  while (::getmntent_r(mounts.get(), &entry, text.data(), static_cast<int>(text.size())) !=
         nullptr) {
    if (std::string_view(entry.mnt_type) == "cgroup2") return std::string(entry.mnt_dir);
  }
  return Error{ErrorCode::kUnsupported, "no cgroup v2 hierarchy is mounted",
               "mount one: mount -t cgroup2 none /sys/fs/cgroup/unified"};
}

Result<Cgroup> open_subtree(const std::string& relative) {
  SM_TRY_ASSIGN(const std::string root, cgroup2_root());
  const std::string below = without_slashes(relative);
  if (below.empty() || below == ".") {
    return Error{ErrorCode::kInvalid,
                 "cgroup: is the root of the hierarchy, and unknown sockets of the whole host "
                 "would be refused",
                 "name the subtree that holds the pods, such as kubepods"};
  }
  if (("/" + below + "/").find("/../") != std::string::npos) {
    return Error{ErrorCode::kInvalid, "cgroup: " + relative + " leaves the hierarchy",
                 "name a path below " + root};
  }
  std::string path = root + "/" + below;
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 && errno == ENOENT) {
    return Error{ErrorCode::kNotFound, "the cgroup " + path + " does not exist",
                 "create it (mkdir -p " + path + ") or correct cgroup: in the node file"};
  }
  return open_at(std::move(path));
}

Result<Cgroup> open_own_cgroup() {
  SM_TRY_ASSIGN(const std::string root, cgroup2_root());
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind("0::", 0) != 0) continue;
    const std::string below = without_slashes(line.substr(3));
    return open_at(below.empty() ? root : root + "/" + below);
  }
  return Error{ErrorCode::kUnsupported, "this process is in no cgroup v2 group",
               "boot with cgroup v2 enabled"};
}

bool is_below(const Cgroup& subtree, const std::string& path) {
  std::string absolute = path;
  if (absolute.rfind(subtree.path, 0) != 0) {
    const Result<std::string> root = cgroup2_root();
    if (!root) return false;
    absolute = *root + "/" + without_slashes(path);
  }
  return absolute == subtree.path || absolute.rfind(subtree.path + "/", 0) == 0;
}

bool is_id_below(const Cgroup& subtree, std::uint64_t id) {
  constexpr int kKernfsHandle = 0xfe;  // FILEID_KERNFS: the handle is the 64-bit id
  alignas(file_handle) std::array<char, sizeof(file_handle) + sizeof id> storage{};
  auto* handle = reinterpret_cast<file_handle*>(storage.data());
  handle->handle_bytes = sizeof id;
  handle->handle_type = kKernfsHandle;
  std::memcpy(storage.data() + sizeof(file_handle), &id, sizeof id);
  const UniqueFd fd(
      ::open_by_handle_at(subtree.fd.get(), handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return errno == ESTALE;
  std::array<char, PATH_MAX> path{};
  const ssize_t length =
      ::readlink(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), path.data(), path.size() - 1);
  return length > 0 &&
         is_below(subtree, std::string(path.data(), static_cast<std::size_t>(length)));
}

UniqueFd open_probe_leaf(const Cgroup& subtree) {
  const std::string path = subtree.path + "/" + kProbeLeaf;
  UniqueFd leaf;
  if (::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST)
    leaf.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!leaf.valid())
    kLog.warn("capture cannot be tested: {}", system_error("make the cgroup " + path, errno).text);
  return leaf;
}

std::vector<std::string> foreign_programs(const Cgroup& cgroup) {
  std::vector<std::string> found;
  const Result<std::string> root = cgroup2_root();
  if (!root) return found;
  std::string path = cgroup.path;
  while (path.size() >= root->size()) {
    look_at(path, found);
    if (path == *root) break;
    path.erase(path.rfind('/'));
  }
  return found;
}

}  // namespace sm::capture
