// SPDX-License-Identifier: Apache-2.0
// One pinned bpf_link: what it is attached to, and putting a program in force behind a pin without
// a gap. Control thread.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace sm::capture {

struct LinkFacts {
  std::uint32_t program_id = 0;
  std::uint64_t cgroup_id = 0;    // 0: not a cgroup link, or the cgroup is gone
  std::uint32_t netns_inode = 0;  // 0: not a netns link, or the netns is gone
};

// nullopt: no link is pinned at `pin`, or `link` is none.
std::optional<LinkFacts> link_facts(const std::string& pin);
std::optional<LinkFacts> link_facts(int link);

// A place for a link: the descriptor of a cgroup or netns, with the number by which the kernel
// reports it.
struct Place {
  int fd = -1;
  std::uint64_t number = 0;
  bpf_attach_type type = BPF_CGROUP_INET4_CONNECT;
};

struct LinkChange {
  UniqueFd link;      // in force; while it is open, removing the pin detaches nothing
  UniqueFd replaced;  // what the pin named before, when that hung elsewhere
};

// Puts `program` in force at `place` behind `pin`: a link that is there already gets the program
// (atomic); one that hangs elsewhere, or nowhere any more, is replaced after the new one is
// attached.
Result<LinkChange> put_in_force(int program, const Place& place, const std::string& pin);
// Pins an attached link under `pin`, in place of what is there, by a rename.
inline constexpr std::string_view kHalfPinnedSuffix = "_new";
Result<> pin_link(int link, const std::string& pin);

}  // namespace sm::capture
