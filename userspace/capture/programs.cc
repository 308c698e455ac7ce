// SPDX-License-Identifier: Apache-2.0
#include "capture/programs.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "capture/bpffs.h"
#include "capture/global_links.h"
#include "capture/link.h"
#include "capture/objects.h"

namespace sm::capture {

std::string Programs::link_path(std::uint64_t cookie) const {
  return fmt::format("{}/pods/{}", x_pins, cookie);
}

Result<> Programs::steer(const Maps& maps, int netns, const sm_arrive_config& config) {
  const std::string pin = link_path(config.netns);
  struct stat about {};
  if (::fstat(netns, &about) != 0) return system_error("stat a netns", errno);
  const std::optional<LinkFacts> ours = link_facts(pin);
  std::array<__u32, 64> ids{};
  __u32 count = ids.size();
  __u32 flags = 0;
  if (bpf_prog_query(netns, BPF_SK_LOOKUP, 0, &flags, ids.data(), &count) != 0)
    return system_error("ask for sk_lookup programs", errno);
  for (__u32 i = 0; i < count; ++i) {
    if (ours && ours->program_id == ids[i]) continue;
    return Error{
        ErrorCode::kDenied,
        fmt::format("a foreign sk_lookup program (id {}) is attached in the pod's netns", ids[i]),
        "detach it: it could override what sockmesh decides (bpftool net, bpftool link)"};
  }
  SM_TRY_ASSIGN(const ObjectPtr object, open_object(ObjectId::kArrive));
  bpf_map* rodata = bpf_object__find_map_by_name(object.get(), ".rodata");
  if (rodata == nullptr || bpf_map__set_initial_value(rodata, &config, sizeof config) != 0) {
    return Error{ErrorCode::kInvalid, "the arrive object has no configuration of the expected size",
                 ""};
  }
  SM_TRY(maps.share_with(object.get()));
  SM_TRY(load_object(object.get(), ObjectId::kArrive));
  const bpf_program* program = bpf_object__find_program_by_name(object.get(), "sm_arrive_lookup");
  if (program == nullptr)
    return Error{ErrorCode::kInvalid, "no program sm_arrive_lookup in the embedded objects", ""};
  SM_TRY_ASSIGN(LinkChange change, put_in_force(bpf_program__fd(program),
                                                Place{netns, about.st_ino, BPF_SK_LOOKUP}, pin));
  x_links[config.netns] = std::move(change.link);
  return {};
}

void Programs::unsteer(std::uint64_t cookie) {
  const std::string pin = link_path(cookie);
  x_links.erase(cookie);
  {
    const UniqueFd link(bpf_obj_get(pin.c_str()));
    if (link.valid()) bpf_link_detach(link.get());
  }
  ::unlink(pin.c_str());
}

std::vector<Programs::Steered> Programs::steered() const {
  std::vector<Steered> all;
  for (const std::string& name : names_in(x_pins + "/pods")) {
    char* end = nullptr;
    const std::uint64_t cookie = std::strtoull(name.c_str(), &end, 10);
    if (cookie == 0 || *end != '\0') continue;
    const std::optional<LinkFacts> facts = link_facts(link_path(cookie));
    all.push_back(Steered{cookie, facts && facts->netns_inode != 0});
  }
  return all;
}

std::vector<Attachment> Programs::attachments() const {
  std::vector<Attachment> all;
  for (const Steered& pod : steered()) {
    const std::string pin = link_path(pod.cookie);
    const LinkFacts facts = link_facts(pin).value_or(LinkFacts{});
    all.push_back(
        Attachment{"sm_arrive_lookup", "sk_lookup",
                   facts.netns_inode != 0 ? fmt::format("netns inode {}", facts.netns_inode) : "",
                   pin, facts.program_id, facts.netns_inode != 0});
  }
  return all;
}

Programs::Health Programs::look_after(std::uint64_t cookie) {
  const auto found = x_links.find(cookie);
  if (found == x_links.end()) return Health::kGone;
  const std::optional<LinkFacts> facts = link_facts(found->second.get());
  if (!facts || facts->netns_inode == 0) return Health::kGone;
  const std::string pin = link_path(cookie);
  const std::optional<LinkFacts> pinned = link_facts(pin);
  if (pinned && pinned->netns_inode == facts->netns_inode) return Health::kInForce;
  return pin_link(found->second.get(), pin) ? Health::kPinnedAgain : Health::kGone;
}

}  // namespace sm::capture
