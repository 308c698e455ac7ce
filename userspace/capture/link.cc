// SPDX-License-Identifier: Apache-2.0
#include "capture/link.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/fd.h"

namespace sm::capture {
namespace {

Error attach_error(const std::string& pin, int error_number) {
  Error error = system_error("attach the program of " + pin, error_number);
  if (error_number == EPERM) {
    error.remedy =
        "an ancestor cgroup allows no other program, or CAP_BPF and CAP_NET_ADMIN are missing";
  }
  return error;
}

}  // namespace

std::optional<LinkFacts> link_facts(int link) {
  bpf_link_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(link, &info, &size) != 0) return std::nullopt;
  LinkFacts facts;
  facts.program_id = info.prog_id;
  if (info.type == BPF_LINK_TYPE_CGROUP) facts.cgroup_id = info.cgroup.cgroup_id;
  if (info.type == BPF_LINK_TYPE_NETNS) facts.netns_inode = info.netns.netns_ino;
  return facts;
}

std::optional<LinkFacts> link_facts(const std::string& pin) {
  const UniqueFd link(bpf_obj_get(pin.c_str()));
  return link.valid() ? link_facts(link.get()) : std::nullopt;
}

Result<LinkChange> put_in_force(int program, const Place& place, const std::string& pin) {
  LinkChange change;
  UniqueFd old(bpf_obj_get(pin.c_str()));
  const std::optional<LinkFacts> facts = old.valid() ? link_facts(old.get()) : std::nullopt;
  if (facts && (facts->cgroup_id == place.number || facts->netns_inode == place.number)) {
    if (bpf_link_update(old.get(), program, nullptr) == 0) {
      change.link = std::move(old);
      return change;
    }
    if (errno != ENOLINK) return system_error("replace the program of " + pin, errno);
  }
  change.link.reset(bpf_link_create(program, place.fd, place.type, nullptr));
  if (!change.link.valid()) return attach_error(pin, errno);
  SM_TRY(pin_link(change.link.get(), pin));
  change.replaced = std::move(old);
  return change;
}

Result<> pin_link(int link, const std::string& pin) {
  const std::string name = pin + std::string(kHalfPinnedSuffix);
  ::unlink(name.c_str());
  if (bpf_obj_pin(link, name.c_str()) != 0) return system_error("pin " + name, errno);
  if (::rename(name.c_str(), pin.c_str()) != 0) {
    const int failed = errno;
    ::unlink(name.c_str());
    return system_error("pin " + pin, failed);
  }
  return {};
}

}  // namespace sm::capture
