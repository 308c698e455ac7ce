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

#include "base/log.h"
#include "capture/bpffs.h"
#include "capture/link.h"
#include "capture/objects.h"

namespace sm::capture {
namespace {

constexpr log::Logger kLog{log::Component::kCapture};

struct GlobalProgram {
  ObjectId object;
  const char* name;
  const char* hook;
  bpf_attach_type type;
  bool own;  // at the daemon's own cgroup instead of the pods' subtree
};
// sockops and names before connect: by the time that the first connect is captured, its wish can be
// published.
constexpr std::array<GlobalProgram, 8> kGlobal = {{
    {ObjectId::kSockops, "sm_sockops_own", "sock_ops", BPF_CGROUP_SOCK_OPS, true},
    {ObjectId::kSockops, "sm_sockops_pods", "sock_ops", BPF_CGROUP_SOCK_OPS, false},
    {ObjectId::kSockname, "sm_getpeername4", "cgroup/getpeername4", BPF_CGROUP_INET4_GETPEERNAME,
     false},
    {ObjectId::kSockname, "sm_getpeername6", "cgroup/getpeername6", BPF_CGROUP_INET6_GETPEERNAME,
     false},
    {ObjectId::kSockname, "sm_getsockname4", "cgroup/getsockname4", BPF_CGROUP_INET4_GETSOCKNAME,
     false},
    {ObjectId::kSockname, "sm_getsockname6", "cgroup/getsockname6", BPF_CGROUP_INET6_GETSOCKNAME,
     false},
    {ObjectId::kConnect, "sm_connect4", "cgroup/connect4", BPF_CGROUP_INET4_CONNECT, false},
    {ObjectId::kConnect, "sm_connect6", "cgroup/connect6", BPF_CGROUP_INET6_CONNECT, false},
}};
constexpr std::array<ObjectId, 3> kGlobalObjects = {ObjectId::kConnect, ObjectId::kSockops,
                                                    ObjectId::kSockname};

Result<> load(bpf_object* object, ObjectId id) {
  const int failed = bpf_object__load(object);
  if (failed == 0) return {};
  Error error = system_error(fmt::format("load the eBPF object {}", to_string(id)), -failed);
  error.remedy = failed == -EPERM ? "give CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, or run as root"
                                  : "see what the verifier says with logLevel: {capture: debug}";
  return error;
}

struct Loaded {
  std::array<ObjectPtr, kGlobalObjects.size()> objects;
  Maps maps;
};

// Loads all global objects, with the pinned maps when `pinned` names their directory, otherwise
// with new ones.
Result<Loaded> load_all(const std::string& pinned) {
  Loaded loaded;
  for (std::size_t i = 0; i < kGlobalObjects.size(); ++i) {
    SM_TRY_ASSIGN(loaded.objects[i], open_object(kGlobalObjects[i]));
    bpf_object* object = loaded.objects[i].get();
    if (i == 0 && !pinned.empty()) {
      SM_TRY_ASSIGN(loaded.maps, Maps::open(pinned, object));
    }
    if (i > 0 || !pinned.empty()) SM_TRY(loaded.maps.share_with(object));
    SM_TRY(load(object, kGlobalObjects[i]));
    if (i == 0 && pinned.empty()) {
      SM_TRY_ASSIGN(loaded.maps, Maps::take(object));
    }
  }
  return loaded;
}

Result<int> program_fd(const Loaded& loaded, const GlobalProgram& wanted) {
  for (std::size_t i = 0; i < kGlobalObjects.size(); ++i) {
    if (kGlobalObjects[i] != wanted.object) continue;
    const bpf_program* program =
        bpf_object__find_program_by_name(loaded.objects[i].get(), wanted.name);
    if (program != nullptr) return bpf_program__fd(program);
  }
  return Error{ErrorCode::kInvalid,
               std::string("no program ") + wanted.name + " in the embedded objects", ""};
}

Result<> attach_all(const Loaded& loaded, const std::string& links, const Cgroup& pods,
                    const Cgroup& own) {
  for (const GlobalProgram& one : kGlobal) {
    SM_TRY_ASSIGN(const int fd, program_fd(loaded, one));
    const Cgroup& cgroup = one.own ? own : pods;
    SM_TRY(put_in_force(fd, Place{cgroup.fd.get(), cgroup.id, one.type}, links + "/" + one.name));
  }
  return {};
}

Result<Installation> install_fresh(const std::string& bpffs, const std::string& pins,
                                   const Cgroup& pods, const Cgroup& own) {
  SM_TRY_ASSIGN(Loaded loaded, load_all(""));
  const std::string fresh = fmt::format("{}/{}{}", bpffs, kFreshPrefix, ::getpid());
  SM_TRY(make_directory(fresh));
  SM_TRY(make_directory(fresh + "/maps"));
  SM_TRY(make_directory(fresh + "/links"));
  SM_TRY(make_directory(fresh + "/pods"));
  SM_TRY(loaded.maps.pin(fresh + "/maps"));
  SM_TRY(attach_all(loaded, fresh + "/links", pods, own));
  if (::rename(fresh.c_str(), pins.c_str()) != 0) return system_error("rename to " + pins, errno);
  return Installation{std::move(loaded.maps), pins, false};
}

bool exists(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0;
}

// An installation that a crash left half-made was never in force under its final name.
void remove_half_made(const std::string& bpffs) {
  std::vector<std::string> done;
  for (const std::string& name : names_in(bpffs)) {
    if (name.rfind(kFreshPrefix, 0) != 0) continue;
    const Result<> removed = remove_pins(bpffs + "/" + name, true, done);
    if (!removed) kLog.warn("{}", removed.error().describe());
  }
}

// Programs of another version at the same cgroups would decide before or after ours.
Result<> refuse_other_versions(const std::string& bpffs, const std::string& pins) {
  for (const std::string& name : names_in(bpffs)) {
    const std::string path = bpffs + "/" + name;
    if (name.front() != 'v' || path == pins) continue;
    return Error{ErrorCode::kDenied, "another version's programs are in force, pinned in " + path,
                 "remove them with that version's `sockmeshctl uninstall`, then start again"};
  }
  return {};
}

Attachment attachment_of(const std::string& program, const std::string& hook,
                         const std::string& pin) {
  Attachment attachment{program, hook, "", pin, 0, false};
  const std::optional<LinkFacts> facts = link_facts(pin);
  if (!facts) return attachment;
  attachment.program_id = facts->program_id;
  attachment.attached = facts->cgroup_id != 0 || facts->netns_inode != 0;
  if (facts->netns_inode != 0) attachment.place = fmt::format("netns inode {}", facts->netns_inode);
  return attachment;
}

}  // namespace

Result<Installation> install(const std::string& bpffs, const Cgroup& pods, const Cgroup& own) {
  remove_half_made(bpffs);
  const std::string pins = fmt::format("{}/v{}", bpffs, SM_ABI);
  SM_TRY(refuse_other_versions(bpffs, pins));
  if (!exists(pins)) {
    Result<Installation> made = install_fresh(bpffs, pins, pods, own);
    if (!made) remove_half_made(bpffs);
    return made;
  }
  SM_TRY_ASSIGN(Loaded loaded, load_all(pins + "/maps"));
  SM_TRY(attach_all(loaded, pins + "/links", pods, own));
  return Installation{std::move(loaded.maps), pins, true};
}

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
  SM_TRY(load(object.get(), ObjectId::kArrive));
  const bpf_program* program = bpf_object__find_program_by_name(object.get(), "sm_arrive_lookup");
  if (program == nullptr)
    return Error{ErrorCode::kInvalid, "no program sm_arrive_lookup in the embedded objects", ""};
  return put_in_force(bpf_program__fd(program), Place{netns, about.st_ino, BPF_SK_LOOKUP}, pin);
}

void Programs::unsteer(std::uint64_t cookie) {
  const std::string pin = link_path(cookie);
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

std::vector<Attachment> Programs::attachments(const Cgroup& pods, const Cgroup& own) const {
  std::vector<Attachment> all;
  for (const GlobalProgram& one : kGlobal) {
    all.push_back(attachment_of(one.name, one.hook, x_pins + "/links/" + one.name));
    all.back().place = one.own ? own.path : pods.path;
  }
  for (const Steered& pod : steered())
    all.push_back(attachment_of("sm_arrive_lookup", "sk_lookup", link_path(pod.cookie)));
  return all;
}

}  // namespace sm::capture
