// SPDX-License-Identifier: Apache-2.0
#include "capture/doctor.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>

#include "capture/bpffs.h"
#include "unit/config/scratch.h"

namespace sm::capture {
namespace {

// A host that has everything, of which a test changes one thing. Its bpffs is a plain directory
// that its mount table calls one.
class Host {
 public:
  Host() {
    write("sys/kernel/osrelease", "6.15.2-1-amd64\n");
    write("self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n");
    write("self/limits",
          "Max open files            1024                 1048576              files\n");
    mounts("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\nbpf " + bpffs() + " bpf rw,nosuid 0 0\n");
    write("filesystems", "nodev\tsysfs\nnodev\tbpf\n\text4\n");
    write("sys/net/core/optmem_max", "131072\n");
    write("sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
    write("sys/net/ipv6/conf/all/disable_ipv6", "0\n");
    write("sys/net/mptcp/enabled", "1\n");
    write("cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\nnet_cls\t0\t1\t1\n");
    write("locks", "1: FLOCK  ADVISORY  WRITE 77 00:01:99999 0 EOF\n");
    x_scratch.write("sys/kernel/btf/vmlinux", "");
    x_scratch.write("bpffs/maps.debug", "");
    x_scratch.write("run/pid", "4711\n");
    question.bpffs = bpffs();
    question.run_dir = x_scratch.path("run");
    question.host = {x_scratch.path("proc"), x_scratch.path("sys")};
  }

  HostQuestion question;

  void write(const std::string& name, const std::string& text) {
    x_scratch.write("proc/" + name, text);
  }
  void mounts(const std::string& text) { write("self/mounts", text); }
  void remove(const std::string& name) { x_scratch.remove(name); }
  void pin(const std::string& name) { x_scratch.write("bpffs/" + name + "/maps/x", ""); }
  void record(const std::string& text) { x_scratch.write("run/capture.json", text); }
  std::string path(const std::string& name) const { return x_scratch.path(name); }
  std::string bpffs() const { return x_scratch.path("bpffs"); }
  // A line of /proc/locks: process `pid` has locked the bpffs directory.
  void lock(int pid) {
    struct stat about {};
    REQUIRE(::stat(bpffs().c_str(), &about) == 0);
    write("locks", fmt::format("1: FLOCK  ADVISORY  WRITE {} {:02x}:{:02x}:{} 0 EOF\n", pid,
                               major(about.st_dev), minor(about.st_dev), about.st_ino));
  }

  Check check(const std::string& name) const {
    const auto checks = check_host(question);
    const auto found = std::find_if(checks.begin(), checks.end(),
                                    [&name](const Check& check) { return check.name == name; });
    REQUIRE_MESSAGE(found != checks.end(), name);
    return *found;
  }
  CheckState state(const std::string& name) const { return check(name).state; }
  std::string text(const std::string& name) const { return check(name).text; }

 private:
  config::Scratch x_scratch;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr CheckState kOk = CheckState::kOk;
constexpr CheckState kWarn = CheckState::kWarn;
constexpr CheckState kFail = CheckState::kFail;

}  // namespace

TEST_CASE("capture: doctor has one row for each thing, and a remedy exactly for what is not well") {
  HostQuestion here;
  here.bpffs = "/sys/fs/bpf/sockmesh";
  here.run_dir = "/nonexistent";
  std::set<std::string> names;
  for (const Check& check : check_host(here)) {
    CHECK_MESSAGE(names.insert(check.name).second, check.name);
    CHECK_MESSAGE(!check.text.empty(), check.name);
    CHECK_MESSAGE((check.state == kOk) == check.remedy.empty(), check.name);
  }
  const Host host;
  std::set<std::string> expected;
  for (const Check& check : check_host(host.question)) {
    CHECK_MESSAGE(check.state == kOk, check.name << ": " << check.text);
    expected.insert(check.name);
  }
  CHECK(expected == std::set<std::string>{"kernel", "btf", "capabilities", "unknown pods",
                                          "cgroup v2", "cgroup v1", "bpffs", "other daemon", "pins",
                                          "earlier run", "socket storage", "descriptors", "ports",
                                          "ipv6", "mptcp"});
}

TEST_CASE("capture: doctor reports a missing subtree with its remedy") {
  HostQuestion here;
  here.bpffs = "/sys/fs/bpf/sockmesh";
  here.cgroup = "smt-no-such-subtree";
  const auto checks = check_host(here);
  const auto found = std::find_if(checks.begin(), checks.end(),
                                  [](const Check& check) { return check.name == "cgroup"; });
  REQUIRE(found != checks.end());
  CHECK(found->state == kFail);
  CHECK_FALSE(found->remedy.empty());
}

TEST_CASE(
    "capture: doctor reads a host without /proc as one that cannot be used, and does not fall") {
  Host host;
  host.remove("proc");
  host.remove("sys");
  for (const char* name :
       {"kernel", "btf", "capabilities", "cgroup v2", "bpffs", "socket storage"}) {
    CHECK_MESSAGE(host.state(name) == kFail, name);
  }
  for (const char* name : {"descriptors", "ports"}) CHECK_MESSAGE(host.state(name) == kWarn, name);
}

TEST_CASE("capture: doctor on kernels: too old, without BTF, too old to hold unknown pods") {
  Host host;
  const auto kernel = [&host](const char* release) { host.write("sys/kernel/osrelease", release); };
  kernel("5.14.99\n");
  CHECK(host.state("kernel") == kFail);
  kernel("5.15.0-91-generic\n");
  CHECK(host.state("kernel") == kOk);
  CHECK(host.state("unknown pods") == kWarn);
  host.question.unknown_pods = UnknownPods::kHold;
  CHECK(host.state("unknown pods") == kFail);
  CHECK(has(host.text("unknown pods"), "5.15.0-91-generic"));
  host.question.unknown_pods = UnknownPods::kAllow;
  CHECK(host.state("unknown pods") == kOk);
  kernel("10.0.0\n");
  host.question.unknown_pods = UnknownPods::kHold;
  CHECK(host.state("kernel") == kOk);
  CHECK(host.state("unknown pods") == kOk);
  host.remove("sys/kernel/btf");
  CHECK(host.state("btf") == kFail);
}

TEST_CASE(
    "capture: doctor on capabilities: those of root are enough, each that is missing is named") {
  Host host;
  const auto capabilities = [&host](std::uint64_t bits) {
    host.write("self/status", fmt::format("CapEff:\t{:016x}\n", bits));
  };
  const auto bit = [](unsigned number) { return std::uint64_t{1} << number; };
  constexpr unsigned kDacReadSearch = 2;
  constexpr unsigned kNetAdmin = 12;
  constexpr unsigned kPtrace = 19;
  constexpr unsigned kSysAdmin = 21;
  capabilities(0);
  CHECK(host.state("capabilities") == kFail);
  for (const char* name : {"CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_BPF", "CAP_PERFMON"}) {
    CHECK_MESSAGE(has(host.text("capabilities"), name), name);
  }
  capabilities(bit(kSysAdmin) | bit(kDacReadSearch));
  CHECK(has(host.text("capabilities"), "missing: CAP_NET_ADMIN ("));
  capabilities(bit(kSysAdmin) | bit(kNetAdmin));
  CHECK(host.state("capabilities") == kWarn);
  CHECK(has(host.text("capabilities"), "CAP_DAC_READ_SEARCH"));
  const std::uint64_t enough = bit(kSysAdmin) | bit(kNetAdmin) | bit(kDacReadSearch);
  capabilities(enough);
  CHECK(host.state("capabilities") == kOk);
  // Namespaces of processes need one more.
  host.question.netns_paths = {"/run/netns/a", "/proc/77/ns/net"};
  CHECK(has(host.text("capabilities"), "CAP_SYS_PTRACE"));
  capabilities(enough | bit(kPtrace));
  CHECK(host.state("capabilities") == kOk);
}

TEST_CASE("capture: doctor on cgroups: none of version 2, a hybrid host, net_cls in use") {
  Host host;
  const std::string bpf = "bpf " + host.bpffs() + " bpf rw 0 0\n";
  host.mounts(bpf);
  CHECK(host.state("cgroup v2") == kFail);
  host.mounts(bpf +
              "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 "
              "rw 0 0\n");
  CHECK(host.state("cgroup v2") == kOk);
  CHECK(has(host.text("cgroup v2"), "/sys/fs/cgroup/unified (hybrid: 1 "));
  host.write("cgroups", "net_cls\t5\t3\t1\nnet_prio\t5\t3\t1\ncpu\t2\t9\t1\n");
  CHECK(host.state("cgroup v1") == kOk);
  CHECK(has(host.text("cgroup v1"), "net_cls and net_prio in use: harmless"));
  host.write("sys/kernel/osrelease", "5.10.0\n");
  CHECK(host.state("cgroup v1") == kFail);
  host.write("cgroups", "net_cls\t5\t1\t1\n");
  CHECK(host.state("cgroup v1") == kOk);
}

TEST_CASE("capture: doctor on bpffs: not mounted, not mountable, read-only, unknown, no path") {
  Host host;
  const std::string cgroup = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
  host.mounts(cgroup + "sysfs / sysfs rw 0 0\n");
  CHECK(host.state("bpffs") == kOk);
  CHECK(has(host.text("bpffs"), "the daemon will mount it"));
  host.write("self/status", "CapEff:\t0000000000000000\n");
  CHECK(host.state("bpffs") == kFail);
  CHECK(has(host.check("bpffs").remedy, "mount -t bpf"));
  host.write("filesystems", "nodev\tsysfs\n");
  CHECK(has(host.text("bpffs"), "does not know"));
  host.mounts(cgroup + "bpf " + host.bpffs() + " bpf ro,nosuid 0 0\n");
  CHECK(host.state("bpffs") == kFail);
  CHECK(has(host.text("bpffs"), "read-only"));
  // The last of two mounts in one place counts, and a longer name is not below it.
  host.mounts("bpf " + host.bpffs() + " bpf ro 0 0\nbpf " + host.bpffs() + " bpf rw 0 0\nx " +
              host.bpffs() + "2 tmpfs ro 0 0\n");
  CHECK(host.state("bpffs") == kOk);
  for (const char* path : {"", "sockmesh", "./none/at/all", "none"}) {
    host.question.bpffs = path;
    CHECK_MESSAGE(host.state("bpffs") == kFail, path);
    CHECK(has(host.text("bpffs"), "absolute"));
  }
}

TEST_CASE("capture: doctor on another daemon that uses the bpffs directory") {
  Host host;
  host.lock(4711);
  CHECK(host.state("other daemon") == kOk);
  CHECK(has(host.text("other daemon"), "is used by the daemon of"));
  host.lock(99);
  CHECK(host.state("other daemon") == kFail);
  CHECK(has(host.text("other daemon"), "process 99 uses"));
}

TEST_CASE("capture: doctor sees the lock that a daemon takes, where the kernel shows it") {
  Host host;
  host.remove("proc/locks");
  REQUIRE(::symlink("/proc/locks", host.path("proc/locks").c_str()) == 0);
  CHECK(host.state("other daemon") == kOk);
  const auto lock = lock_directory(host.bpffs());
  REQUIRE(lock.ok());
  CHECK(has(host.text("other daemon"), fmt::format("process {} uses", ::getpid())));
}

TEST_CASE("capture: doctor on pins and the record of an earlier run") {
  Host host;
  host.pin("v1");
  CHECK(host.state("pins") == kOk);
  CHECK(has(host.text("pins"), "v1"));
  host.pin("v999");
  CHECK(host.state("pins") == kFail);
  CHECK(has(host.text("pins"), "v999"));
  host.record(R"({"bpffs": ")" + host.bpffs() + R"(", "cgroup": "/c"})");
  CHECK(host.state("earlier run") == kOk);
  host.record(R"({"bpffs": ")" + host.path("run") + R"(", "cgroup": "/c"})");
  CHECK(host.state("earlier run") == kFail);
  host.record(R"({"bpffs": ")" + host.path("gone") + R"(", "cgroup": "/c"})");
  CHECK(host.state("earlier run") == kOk);
  host.record("not ours");
  CHECK(host.state("earlier run") == kFail);
}

TEST_CASE("capture: doctor on limits: option memory, descriptors, ports") {
  Host host;
  host.write("sys/net/core/optmem_max", "2048\n");
  CHECK(host.state("socket storage") == kFail);
  host.write("self/limits",
             "Max open files            1024                 4096                 files\n");
  CHECK(host.state("descriptors") == kWarn);
  CHECK(has(host.text("descriptors"), "about 2048 connections"));
  host.write("self/limits",
             "Max open files            unlimited            unlimited            files\n");
  CHECK(host.state("descriptors") == kOk);
  host.write("sys/net/ipv4/ip_local_port_range", "40000\t41000\n");
  CHECK(host.state("ports") == kWarn);
  CHECK(has(host.text("ports"), "1001 ports"));
}

TEST_CASE("capture: doctor on IPv6 and MPTCP: whatever they are is fine, and said") {
  Host host;
  host.write("sys/net/ipv6/conf/all/disable_ipv6", "1\n");
  CHECK(has(host.text("ipv6"), "switched off"));
  host.remove("proc/sys/net/ipv6");
  CHECK(has(host.text("ipv6"), "not in this kernel"));
  host.write("sys/net/mptcp/enabled", "0\n");
  CHECK(host.text("mptcp") == "off");
  host.remove("proc/sys/net/mptcp");
  CHECK(host.text("mptcp") == "not in this kernel");
  for (const char* name : {"ipv6", "mptcp"}) CHECK(host.state(name) == kOk);
}

TEST_CASE("capture: doctor looks into the namespaces of pods that are there") {
  Host host;
  host.question.netns_paths = {"/proc/self/ns/net", "/run/netns/smt-no-such"};
  const Check check = host.check("pods' namespaces");
  CHECK(check.state == kOk);
  CHECK(has(check.text, " of 2 are there"));
}

}  // namespace sm::capture
