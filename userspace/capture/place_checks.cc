// SPDX-License-Identifier: Apache-2.0
#include "capture/place_checks.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sockmesh/abi.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>

#include "base/text.h"
#include "capture/bpffs.h"
#include "capture/host_checks.h"
#include "capture/link.h"
#include "capture/migrate.h"
#include "capture/node_cgroup.h"
#include "capture/record.h"

namespace sm::capture {
namespace {

// `path` with the links in it followed, as far as it exists.
std::string followed(const std::string& path) {
  std::error_code failed;
  const auto real = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : real.string();
}

bool knows_bpffs(const HostView& host) {
  const auto lines = lines_of(host.proc + "/filesystems");
  return std::any_of(lines.begin(), lines.end(),
                     [](const std::string& line) { return line.ends_with("\tbpf"); });
}

Check check_mount(const HostQuestion& question) {
  const std::string name = "bpffs";
  const std::string& directory = question.bpffs;
  if (directory.empty() || directory.front() != '/') {
    return bad(name, "\"" + directory + "\" is not an absolute path",
               "name one such as /sys/fs/bpf/sockmesh");
  }
  const auto mount = mount_of(question.host, followed(directory));
  if (mount && mount->type == "bpf") {
    if (!mount->is_read_only())
      return good(name, directory + " is on the bpffs mounted at " + mount->directory);
    return bad(name,
               mount->directory + " is a bpffs mounted read-only: nothing can be pinned there",
               "mount -o remount,rw " + mount->directory);
  }
  if (!knows_bpffs(question.host)) {
    return bad(name, "the kernel does not know bpffs",
               "use a kernel built with CONFIG_BPF_SYSCALL");
  }
  if (may_mount(question.host)) return good(name, directory + ": the daemon will mount it");
  return bad(name, directory + " is on no bpffs, and this user may not mount one",
             "mount it beforehand (mount -t bpf bpf /sys/fs/bpf) or give CAP_SYS_ADMIN");
}

// Who holds the lock of the directory, by /proc/locks: a try of our own could stand in the way of a
// daemon that starts at this moment.
std::optional<std::uint64_t> holder_of(const HostView& host, const std::string& directory) {
  struct stat about {};
  if (::stat(directory.c_str(), &about) != 0) return std::nullopt;
  const std::string place =
      fmt::format("{:02x}:{:02x}:{}", major(about.st_dev), minor(about.st_dev), about.st_ino);
  for (const std::string& line : lines_of(host.proc + "/locks")) {
    // "3: FLOCK  ADVISORY  WRITE 4711 00:1f:12 0 EOF"; "->" marks one that waits.
    const std::size_t at = line.find(" " + place + " ");
    if (at == std::string::npos || line.find(" FLOCK ") == std::string::npos ||
        line.find("->") != std::string::npos) {
      continue;
    }
    const std::string_view before = std::string_view(line).substr(0, at);
    return parse_decimal(before.substr(before.rfind(' ') + 1)).value_or(0);
  }
  return std::nullopt;
}

Check check_holder(const HostQuestion& question) {
  const std::string name = "other daemon";
  const auto holder = holder_of(question.host, question.bpffs);
  if (!holder) return good(name, "nobody uses " + question.bpffs);
  const auto own = question.run_dir.empty() ? std::nullopt : number_in(question.run_dir + "/pid");
  if (own == holder)
    return good(name, fmt::format("{} is used by the daemon of {} (pid {})", question.bpffs,
                                  question.run_dir, *holder));
  return bad(name, fmt::format("process {} uses {}", *holder, question.bpffs),
             "stop it, or give each daemon its own bpffs:, runDir: and cgroup:");
}

Check check_pins(const HostQuestion& question) {
  const std::string name = "pins";
  std::vector<std::string> taken_over;
  for (const std::string& entry : names_in(question.bpffs)) {
    const auto abi =
        entry.front() == 'v' ? parse_decimal(std::string_view(entry).substr(1)) : std::nullopt;
    if (!abi) continue;
    if (*abi != SM_ABI && !can_migrate_from(*abi)) {
      return bad(name,
                 fmt::format("{}/{} is of another version, which this one (v{}) cannot take over",
                             question.bpffs, entry, SM_ABI),
                 "remove it with that version's `sockmeshctl uninstall`");
    }
    taken_over.push_back(entry);
  }
  if (taken_over.empty()) return good(name, "no earlier run has left any");
  return good(name,
              "an earlier run's (" + taken_over.back() + ") are there and will be taken over");
}

Check check_record(const HostQuestion& question) {
  const std::string name = "earlier run";
  const auto record = read_record(question.run_dir);
  if (!record) return bad(name, record.error().text, record.error().remedy);
  if (!*record) return good(name, "none has left a record in " + question.run_dir);
  const std::string& before = (*record)->bpffs;
  if (before == question.bpffs || names_in(before).empty())
    return good(name, "its record in " + question.run_dir + " fits");
  return bad(name, "an earlier run has its programs in force, pinned in " + before,
             "go back to that bpffs:, or run `sockmeshctl uninstall` first");
}

std::optional<std::string> program_name(std::uint32_t id) {
  const UniqueFd program(bpf_prog_get_fd_by_id(id));
  if (!program.valid()) return std::nullopt;
  bpf_prog_info info{};
  __u32 length = sizeof info;
  if (bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) return std::nullopt;
  return std::string(info.name);
}

// The programs that an earlier run, or the daemon that runs, has pinned for its pods.
std::set<std::uint32_t> own_programs(const std::string& bpffs) {
  std::set<std::uint32_t> own;
  for (const std::string& version : names_in(bpffs)) {
    const std::string pods = bpffs + "/" + version + "/pods";
    for (const std::string& pin : names_in(pods)) {
      if (const auto facts = link_facts(pods + "/" + pin)) own.insert(facts->program_id);
    }
  }
  return own;
}

void look_into(const std::string& path, const std::set<std::uint32_t>& own,
               std::vector<Check>& checks, std::size_t& seen) {
  const UniqueFd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns.valid()) return;
  std::array<__u32, 64> ids{};
  __u32 count = ids.size();
  __u32 flags = 0;
  if (bpf_prog_query(netns.get(), BPF_SK_LOOKUP, 0, &flags, ids.data(), &count) != 0) return;
  ++seen;
  for (__u32 i = 0; i < count; ++i) {
    if (own.count(ids[i]) != 0) continue;
    const std::string name = program_name(ids[i]).value_or("");
    checks.push_back(bad("pods' namespaces",
                         fmt::format("{} has a foreign sk_lookup program \"{}\" (id {}): the pod "
                                     "cannot be enrolled beside it",
                                     path, name, ids[i]),
                         "detach it, or leave that pod out of the mesh"));
  }
}

}  // namespace

std::vector<Check> check_bpffs(const HostQuestion& question) {
  std::vector<Check> checks = {check_mount(question)};
  if (checks.front().state == CheckState::kFail) return checks;
  checks.push_back(check_holder(question));
  checks.push_back(check_pins(question));
  if (!question.run_dir.empty()) checks.push_back(check_record(question));
  return checks;
}

std::vector<Check> check_subtree(const HostQuestion& question) {
  const Result<Cgroup> subtree = open_subtree(question.cgroup);
  if (!subtree) return {bad("cgroup", subtree.error().text, subtree.error().remedy)};
  std::vector<Check> checks = {good("cgroup", subtree->path)};
  const Result<Cgroup> own = open_own_cgroup();
  if (!own) checks.push_back(bad("own cgroup", own.error().text, own.error().remedy));
  std::vector<std::string> foreign = foreign_programs(*subtree);
  if (own) {
    for (std::string& one : foreign_programs(*own)) {
      if (std::find(foreign.begin(), foreign.end(), one) == foreign.end())
        foreign.push_back(std::move(one));
    }
  }
  for (const std::string& one : foreign) {
    checks.push_back(bad("foreign programs", one,
                         "attach it with BPF_F_ALLOW_MULTI or through a bpf_link, or remove it"));
  }
  if (foreign.empty()) checks.push_back(good("foreign programs", "none that excludes ours"));
  return checks;
}

std::vector<Check> check_namespaces(const HostQuestion& question) {
  std::vector<Check> checks;
  std::size_t seen = 0;
  const std::set<std::uint32_t> own = own_programs(question.bpffs);
  for (const std::string& path : question.netns_paths) look_into(path, own, checks, seen);
  if (!checks.empty()) return checks;
  return {good("pods' namespaces", fmt::format("{} of {} are there; no foreign sk_lookup program",
                                               seen, question.netns_paths.size()))};
}

}  // namespace sm::capture
