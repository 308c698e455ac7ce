// SPDX-License-Identifier: Apache-2.0
// Kernel: the loaded and attached eBPF side of one node. It opens (or, after a restart, takes over)
// the pinned maps and links, marks the daemon's sockets, answers where a captured connection wanted
// to go, and reads the counters.
//
// Made and destroyed by daemon/ on the control thread. Destroying it, like killing the process,
// detaches nothing: pods stay captured and closed until the next start or until uninstall().
// PodSockets::open and OriginalDestinations::find may be called from any thread at any time;
// everything else belongs to the control thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"
#include "base/unknown_pods.h"
#include "io/pod_net.h"
#include "io/pod_sockets.h"

namespace sm::capture {

// From the node file.
struct KernelConfig {
  std::string cgroup;   // `cgroup:`, relative to the cgroup v2 root
  std::string bpffs;    // `bpffs:`; pins are made in v<ABI>/ below it
  std::string run_dir;  // `runDir:`; must exist. The record for uninstall is written there
  UnknownPods unknown_pods = UnknownPods::kDeny;
  // `onProxyDown: open`: while no worker serves a pod, its connections go past the mesh.
  bool open_when_down = false;
};

struct Counter {
  std::string_view name;     // "connect.captured"
  std::string_view verdict;  // pass, redirect, deny, note
  std::uint64_t value = 0;
};

struct MapUse {
  std::string name;
  std::uint32_t entries = 0;
  std::uint32_t capacity = 0;
};

// One attachment: a link that is pinned and in force.
struct Attachment {
  std::string program;  // "sm_connect4"
  std::string hook;     // "cgroup/connect4", "sk_lookup"
  std::string place;    // the cgroup's path, or "netns inode N"
  std::string pin;
  std::uint32_t program_id = 0;
  bool attached = false;  // false: the cgroup or netns it was attached to is gone
};

struct Cgroup;   // node_cgroup.h
class Maps;      // maps.h
class Programs;  // programs.h

class Kernel final : public io::PodSockets, public io::OriginalDestinations {
 public:
  // Finds the cgroup, mounts bpffs when missing, loads the programs, and attaches or updates the
  // links. Either everything is in force afterwards or what was there before is. Errors say what to
  // do: kUnsupported (kernel, no cgroup v2), kNotFound (the subtree), kDenied (capabilities, a
  // foreign exclusive program), kUnavailable (another daemon uses this bpffs directory).
  static Result<std::unique_ptr<Kernel>> open(const KernelConfig& config);
  struct State;  // only open() can make one
  explicit Kernel(std::unique_ptr<State> state);
  ~Kernel() override;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  // io::PodSockets. For kApplication without `client` the application sees 127.0.0.1.
  Result<UniqueFd> open(const io::PodNet& pod, const SocketAddress& destination,
                        io::DialPurpose purpose,
                        const std::optional<SocketAddress>& client) override;
  // io::OriginalDestinations.
  std::optional<SocketAddress> find(const io::PodNet& pod, const SocketAddress& peer,
                                    const SocketAddress& local) override;

  // Compares what should be in force with what is, and puts back what is not: pins that were
  // removed, links whose cgroup went, a subtree that was made anew. One sentence for each thing
  // found, to be logged and shown; empty is the usual answer. For a timer of about a second.
  std::vector<std::string> watch();

  // Every counter in the order of abi.h, summed over the CPUs. They live in a pinned map: a restart
  // does not reset them.
  std::vector<Counter> counters() const;
  std::vector<MapUse> maps() const;
  std::vector<Attachment> attachments() const;
  const std::string& cgroup_path() const;  // absolute
  const std::string& pin_path() const;     // <bpffs>/v<ABI>
  int home_netns() const;                  // the daemon's own namespace
  // Whether `path`, absolute or below the cgroup v2 root, is inside the node's subtree.
  bool is_below_cgroup(const std::string& path) const;
  bool recovered() const;  // open() found the pins of an earlier run and took them over

  const Cgroup& pods_cgroup() const;
  // A leaf of the subtree for SelfTester's sockets; -1 when it could not be made.
  int probe_cgroup() const;

  // Lets another process take this bpffs directory; nothing of this object may change the kernel
  // side after that, until take_back(). kUnavailable: another has it.
  void let_go();
  Result<> take_back();

  // For Enrolment.
  Maps& map_access();
  Programs& programs();

 private:
  std::unique_ptr<State> x_state;
};

}  // namespace sm::capture
