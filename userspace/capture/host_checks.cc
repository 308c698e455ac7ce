// SPDX-License-Identifier: Apache-2.0
#include "capture/host_checks.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

namespace sm::capture {
namespace {

// Our mark takes some hundred bytes of a socket's option memory.
constexpr std::uint64_t kOptmemLeast = 4096;
// Two descriptors for each captured connection, and some for pods and workers.
constexpr std::uint64_t kDescriptorsLeast = 65536;
constexpr std::uint64_t kPortsLeast = 10000;

Check check_version(const HostView& host) {
  const KernelVersion version = kernel_version(host);
  if (version.text.empty())
    return bad("kernel", "its version cannot be read", "mount /proc; run Linux 5.15 or later");
  if (version.is_at_least(5, 15)) return good("kernel", version.text);
  return bad("kernel",
             version.text + " is too old: its sock_ops programs cannot tell one pod from another",
             "run Linux 5.15 or later");
}

Check check_btf(const HostView& host) {
  const std::string path = host.sys + "/kernel/btf/vmlinux";
  if (::access(path.c_str(), R_OK) == 0) return good("btf", path);
  return bad("btf", "the kernel has no BTF; socket storage needs it",
             "use a kernel built with CONFIG_DEBUG_INFO_BTF");
}

Check check_unknown_pods(const HostQuestion& question) {
  const std::string name = "unknown pods";
  const KernelVersion version = kernel_version(question.host);
  if (question.unknown_pods == UnknownPods::kAllow)
    return good(name, "unknownPods: allow needs nothing");
  const bool hold = question.unknown_pods == UnknownPods::kHold;
  if (version.is_at_least(6, 15))
    return good(name, hold ? "they can be held, both ways" : "they can be refused, both ways");
  const std::string why =
      "bpf_get_netns_cookie in cgroup_skb programs is there from Linux 6.15 on; this is " +
      version.text;
  if (hold) return bad(name, "unknownPods: hold: " + why, "write unknownPods: deny, or run 6.15");
  return poor(name, "what arrives at unknown pods is not refused, only what they send: " + why,
              "run Linux 6.15 or later, or start pods after their Pod object is there");
}

struct Wanted {
  unsigned bit;
  const char* name;
};

std::string missing_of(std::uint64_t bits, const std::vector<Wanted>& wanted) {
  std::string missing;
  for (const Wanted& one : wanted) {
    if ((bits >> one.bit & 1U) == 0)
      missing += (missing.empty() ? "" : ", ") + std::string(one.name);
  }
  return missing;
}

bool names_processes(const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(),
                     [](const std::string& path) { return path.starts_with("/proc/"); });
}

Check check_capabilities(const HostQuestion& question) {
  const std::string name = "capabilities";
  const auto bits = effective_capabilities(question.host);
  if (!bits) return bad(name, "they cannot be read", "mount /proc, run as root");
  std::vector<Wanted> wanted = {{CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}};
  // CAP_SYS_ADMIN, which entering a namespace needs, includes these two; without it they are
  // missing as well.
  if ((*bits >> CAP_SYS_ADMIN & 1U) == 0) {
    wanted.push_back({CAP_BPF, "CAP_BPF"});
    wanted.push_back({CAP_PERFMON, "CAP_PERFMON"});
  }
  // A namespace that is named by a process of another user is opened through /proc.
  if (names_processes(question.netns_paths)) wanted.push_back({CAP_SYS_PTRACE, "CAP_SYS_PTRACE"});
  const std::string missing = missing_of(*bits, wanted);
  if (!missing.empty()) {
    return bad(name, "missing: " + missing + " (to load programs, enter pods and mark sockets)",
               "run as root, or give them");
  }
  const std::string wished = missing_of(*bits, {{CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"}});
  if (wished.empty()) return good(name, "all that are needed");
  return poor(name, "missing: " + wished + "; connections older than a pod are not told of",
              "give it");
}

Check check_optmem(const HostView& host) {
  const std::string name = "socket storage";
  const auto bytes = number_in(host.proc + "/sys/net/core/optmem_max");
  if (!bytes) return bad(name, "net.core.optmem_max cannot be read", "mount /proc");
  const std::string text = fmt::format("net.core.optmem_max = {}", *bytes);
  if (*bytes >= kOptmemLeast) return good(name, text);
  return bad(name, text + " leaves no room for marks; connects would be refused",
             "sysctl -w net.core.optmem_max=131072");
}

std::string count_text(std::uint64_t count) {
  return count == UINT64_MAX ? "unlimited" : std::to_string(count);
}

Check check_descriptors(const HostView& host) {
  const std::string name = "descriptors";
  const auto limit = descriptor_limit(host);
  if (!limit) return poor(name, "RLIMIT_NOFILE cannot be read", "mount /proc");
  std::string text = fmt::format("RLIMIT_NOFILE {}, hard limit {}; the daemon takes the latter",
                                 count_text(limit->soft), count_text(limit->hard));
  if (limit->hard >= kDescriptorsLeast) return good(name, text);
  text += fmt::format(", enough for about {} connections at a time", limit->hard / 2);
  return poor(name, std::move(text),
              "raise the hard limit to 65536 or more: LimitNOFILE=1048576 in its unit");
}

Check check_ports(const HostView& host) {
  const std::string name = "ports";
  const auto lines = lines_of(host.proc + "/sys/net/ipv4/ip_local_port_range");
  std::vector<std::uint64_t> ends;
  if (!lines.empty()) {
    std::string line = lines.front();
    std::replace(line.begin(), line.end(), '\t', ' ');
    for (const std::string_view part : split(line, ' ')) {
      if (const auto number = parse_decimal(part)) ends.push_back(*number);
    }
  }
  if (ends.size() != 2 || ends[1] < ends[0])
    return poor(name, "net.ipv4.ip_local_port_range cannot be read", "mount /proc");
  const std::uint64_t count = ends[1] - ends[0] + 1;
  const std::string text =
      fmt::format("net.ipv4.ip_local_port_range = {} {} here; each pod's namespace has its own",
                  ends[0], ends[1]);
  if (count >= kPortsLeast) return good(name, text);
  return poor(name,
              fmt::format("{}. {} ports are few: they bound the connections from one pod to one "
                          "destination",
                          text, count),
              "sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"");
}

Check check_ipv6(const HostView& host) {
  const std::string base = host.proc + "/sys/net/ipv6";
  const auto disabled = number_in(base + "/conf/all/disable_ipv6");
  if (!disabled) return good("ipv6", "not in this kernel: pods have IPv4 addresses only");
  if (*disabled != 0)
    return good("ipv6",
                "switched off here (disable_ipv6); each pod's namespace has its own switch");
  return good("ipv6", "available");
}

Check check_mptcp(const HostView& host) {
  const auto enabled = number_in(host.proc + "/sys/net/mptcp/enabled");
  if (!enabled) return good("mptcp", "not in this kernel");
  return good("mptcp", *enabled != 0 ? "on: its connections are captured like any of TCP" : "off");
}

Check check_cgroup2(const HostView& host) {
  const std::string name = "cgroup v2";
  std::string root;
  std::size_t older = 0;
  for (const MountPoint& mount : mount_points(host)) {
    if (mount.type == "cgroup2" && root.empty()) root = mount.directory;
    if (mount.type == "cgroup") ++older;
  }
  if (root.empty()) {
    return bad(name, "no cgroup v2 hierarchy is mounted; capture attaches to cgroups of version 2",
               "mount one: mount -t cgroup2 none /sys/fs/cgroup/unified");
  }
  if (older == 0) return good(name, root);
  return good(name,
              fmt::format("{} (hybrid: {} hierarchies of version 1 are mounted too; pods have "
                          "to be in groups of version 2 as well)",
                          root, older));
}

// net_cls and net_prio take the place in a socket where older kernels keep its v2 cgroup.
Check check_cgroup1(const HostView& host) {
  const std::string name = "cgroup v1";
  std::string used;
  for (const std::string& line : lines_of(host.proc + "/cgroups")) {
    std::string plain = line;
    std::replace(plain.begin(), plain.end(), '\t', ' ');
    const auto words = split(plain, ' ');
    if (words.size() < 3 || (words[0] != "net_cls" && words[0] != "net_prio")) continue;
    const bool in_use = words[1] != "0" && parse_decimal(words[2]).value_or(0) > 1;
    if (in_use) used += (used.empty() ? "" : " and ") + std::string(words[0]);
  }
  if (used.empty()) return good(name, "net_cls and net_prio are not in use");
  if (kernel_version(host).is_at_least(5, 15))
    return good(name, used + " in use: harmless from Linux 5.15 on");
  return bad(name, used + " in use: sockets of pods would count as of the root of the v2 hierarchy",
             "boot with cgroup_no_v1=net_cls,net_prio, or run Linux 5.15 or later");
}

}  // namespace

std::string_view to_string(CheckState state) {
  switch (state) {
    case CheckState::kOk:
      return "ok";
    case CheckState::kWarn:
      return "warn";
    case CheckState::kFail:
      return "fail";
  }
  return "fail";
}

Check good(std::string name, std::string text) {
  return Check{std::move(name), CheckState::kOk, std::move(text), ""};
}
Check poor(std::string name, std::string text, std::string remedy) {
  return Check{std::move(name), CheckState::kWarn, std::move(text), std::move(remedy)};
}
Check bad(std::string name, std::string text, std::string remedy) {
  return Check{std::move(name), CheckState::kFail, std::move(text), std::move(remedy)};
}

std::vector<Check> check_kernel(const HostQuestion& question) {
  const HostView& host = question.host;
  return {check_version(host),          check_btf(host),     check_capabilities(question),
          check_unknown_pods(question), check_cgroup2(host), check_cgroup1(host)};
}

std::vector<Check> check_settings(const HostQuestion& question) {
  const HostView& host = question.host;
  return {check_optmem(host), check_descriptors(host), check_ports(host), check_ipv6(host),
          check_mptcp(host)};
}

bool may_mount(const HostView& host) {
  return (effective_capabilities(host).value_or(0) >> CAP_SYS_ADMIN & 1U) != 0;
}

}  // namespace sm::capture
