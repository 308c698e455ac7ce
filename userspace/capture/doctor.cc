// SPDX-License-Identifier: Apache-2.0
#include "capture/doctor.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/text.h"
#include "capture/bpffs.h"
#include "capture/node_cgroup.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

namespace sm::capture {
namespace {

constexpr std::uint64_t kKernelMajorMin = 5;  // the netns cookie in sockops programs
constexpr std::uint64_t kKernelMinorMin = 15;
constexpr std::uint64_t kOptmemMin =
    4096;  // our mark takes some hundred bytes of a socket's option memory

Check good(std::string name, std::string text) {
  return Check{std::move(name), true, std::move(text), ""};
}
Check bad(std::string name, std::string text, std::string remedy) {
  return Check{std::move(name), false, std::move(text), std::move(remedy)};
}

// The number at the start of `text`, which it is cut from together with one following character.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::optional<std::uint64_t> number = parse_decimal(text.substr(0, digits));
  text.remove_prefix(std::min(digits + 1, text.size()));
  return number;
}

Check check_kernel() {
  utsname about{};
  if (::uname(&about) != 0)
    return bad("kernel", "its version cannot be read", "run Linux 5.15 or later");
  std::string_view version = about.release;
  const std::uint64_t major = take_number(version).value_or(0);
  const std::uint64_t minor = take_number(version).value_or(0);
  const bool enough =
      major > kKernelMajorMin || (major == kKernelMajorMin && minor >= kKernelMinorMin);
  if (enough) return good("kernel", about.release);
  return bad("kernel", fmt::format("{} is too old", about.release), "run Linux 5.15 or later");
}

Check check_btf() {
  if (::access("/sys/kernel/btf/vmlinux", R_OK) == 0) return good("btf", "/sys/kernel/btf/vmlinux");
  return bad("btf", "the kernel has no BTF; socket storage needs it",
             "use a kernel built with CONFIG_DEBUG_INFO_BTF");
}

Check check_cgroup2() {
  const Result<std::string> root = cgroup2_root();
  if (!root) return bad("cgroup v2", root.error().text, root.error().remedy);
  return good("cgroup v2", *root == "/sys/fs/cgroup" ? *root : *root + " (hybrid)");
}

Check check_bpffs(const std::string& directory) {
  std::string path = directory;
  while (!path.empty() && ::access(path.c_str(), F_OK) != 0) path.erase(path.rfind('/'));
  if (is_on_bpffs(path)) return good("bpffs", directory + " is on a mounted bpffs");
  std::ifstream list("/proc/filesystems");
  std::string line;
  while (std::getline(list, line)) {
    if (line.find("\tbpf") != std::string::npos)
      return good("bpffs", directory + ": the daemon will mount it");
  }
  return bad("bpffs", "the kernel does not know bpffs",
             "use a kernel built with CONFIG_BPF_SYSCALL");
}

Check check_capabilities() {
  struct Wanted {
    unsigned bit;
    const char* name;
  };
  static constexpr std::array<Wanted, 3> kWanted = {
      {{CAP_BPF, "CAP_BPF"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}}};
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0)
    return bad("capabilities", "they cannot be read", "run as root");
  std::string missing;
  for (const Wanted& one : kWanted) {
    if ((data[one.bit / 32].effective >> (one.bit % 32) & 1U) == 0)
      missing += (missing.empty() ? "" : ", ") + std::string(one.name);
  }
  if (missing.empty()) return good("capabilities", "CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN");
  return bad("capabilities", "missing: " + missing, "run as root or give them");
}

Check check_optmem() {
  std::ifstream file("/proc/sys/net/core/optmem_max");
  std::string text;
  std::getline(file, text);
  const std::optional<std::uint64_t> bytes = parse_decimal(trim(text));
  if (!bytes) return bad("socket storage", "net.core.optmem_max cannot be read", "mount /proc");
  if (*bytes >= kOptmemMin)
    return good("socket storage", fmt::format("net.core.optmem_max = {}", *bytes));
  return bad(
      "socket storage",
      fmt::format("net.core.optmem_max = {} leaves no room for marks; connects would be refused",
                  *bytes),
      "sysctl -w net.core.optmem_max=131072");
}

std::vector<Check> check_subtree(const std::string& cgroup) {
  const Result<Cgroup> subtree = open_subtree(cgroup);
  if (!subtree) return {bad("cgroup", subtree.error().text, subtree.error().remedy)};
  std::vector<Check> checks = {good("cgroup", subtree->path)};
  const std::vector<std::string> foreign = foreign_programs(*subtree);
  for (const std::string& one : foreign) {
    checks.push_back(bad("foreign programs", one,
                         "attach it with BPF_F_ALLOW_MULTI or through a bpf_link, or remove it"));
  }
  if (foreign.empty()) checks.push_back(good("foreign programs", "none that excludes ours"));
  return checks;
}

}  // namespace

std::vector<Check> check_host(const std::string& cgroup, const std::string& bpffs) {
  std::vector<Check> checks = {check_kernel(),  check_btf(),        check_capabilities(),
                               check_cgroup2(), check_bpffs(bpffs), check_optmem()};
  if (cgroup.empty()) return checks;
  for (Check& one : check_subtree(cgroup)) checks.push_back(std::move(one));
  return checks;
}

}  // namespace sm::capture
