// SPDX-License-Identifier: Apache-2.0
#include "capture/global_links.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "capture/bpffs.h"
#include "capture/link.h"

namespace sm::capture {
namespace {

constexpr log::Logger kLog{log::Component::kCapture};

// sockops and names before connect: by the time that the first connect is captured, its wish can be
// published. Egress before connect too, or the first held SYN would find nothing to hold it.
constexpr std::array<GlobalProgram, 10> kGlobal = {{
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
    {ObjectId::kHold, "sm_hold_egress", "cgroup_skb/egress", BPF_CGROUP_INET_EGRESS, false},
    {ObjectId::kHold, "sm_hold_ingress", "cgroup_skb/ingress", BPF_CGROUP_INET_INGRESS, false},
    {ObjectId::kConnect, "sm_connect4", "cgroup/connect4", BPF_CGROUP_INET4_CONNECT, false},
    {ObjectId::kConnect, "sm_connect6", "cgroup/connect6", BPF_CGROUP_INET6_CONNECT, false},
}};
constexpr std::array<ObjectId, 3> kAlways = {ObjectId::kConnect, ObjectId::kSockops,
                                             ObjectId::kSockname};

Result<> load_into(LoadedPrograms& loaded, ObjectId id, UnknownPods unknown) {
  SM_TRY_ASSIGN(ObjectPtr object, open_object(id));
  // Only `hold` lets a SYN of an unknown pod come as far as this program.
  bpf_program* egress = bpf_object__find_program_by_name(object.get(), "sm_hold_egress");
  if (egress != nullptr && unknown != UnknownPods::kHold) bpf_program__set_autoload(egress, false);
  SM_TRY(loaded.maps.share_with(object.get()));
  SM_TRY(load_object(object.get(), id));
  loaded.objects.push_back(std::move(object));
  return {};
}

std::uint32_t id_of(int program) {
  bpf_prog_info info{};
  __u32 size = sizeof info;
  return bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? info.id : 0;
}

// The descriptor of a loaded program, ours to keep; invalid when it is not wanted.
UniqueFd program_in(const LoadedPrograms& loaded, const char* name) {
  for (const ObjectPtr& object : loaded.objects) {
    const bpf_program* program = bpf_object__find_program_by_name(object.get(), name);
    if (program != nullptr && bpf_program__fd(program) >= 0)
      return UniqueFd(::fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0));
  }
  return UniqueFd();
}

void detach(const std::string& pin) {
  {
    const UniqueFd link(bpf_obj_get(pin.c_str()));
    if (link.valid()) bpf_link_detach(link.get());
  }
  ::unlink(pin.c_str());
}

}  // namespace

Result<> load_object(bpf_object* object, ObjectId id) {
  const int failed = bpf_object__load(object);
  if (failed == 0) return {};
  Error error = system_error(fmt::format("load the eBPF object {}", to_string(id)), -failed);
  error.remedy = failed == -EPERM ? "give CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, or run as root"
                                  : "see what the verifier says with logLevel: {capture: debug}";
  return error;
}

Result<LoadedPrograms> load_programs(Maps maps, UnknownPods unknown) {
  LoadedPrograms loaded;
  loaded.maps = std::move(maps);
  for (const ObjectId id : kAlways) SM_TRY(load_into(loaded, id, unknown));
  if (unknown == UnknownPods::kAllow) return loaded;
  const Result<> hold = load_into(loaded, ObjectId::kHold, unknown);
  if (hold) return loaded;
  if (unknown == UnknownPods::kHold) {
    return Error{ErrorCode::kUnsupported,
                 "unknownPods: hold needs Linux 6.15 or later (" + hold.error().text + ")",
                 "write unknownPods: deny"};
  }
  kLog.warn("connections to unknown pods are not refused: this needs Linux 6.15 ({})",
            hold.error().text);
  return loaded;
}

Result<GlobalLinks> GlobalLinks::attach(const LoadedPrograms& loaded, std::string directory,
                                        const Cgroup& pods, const Cgroup& own) {
  GlobalLinks links;
  links.x_directory = std::move(directory);
  for (const GlobalProgram& what : kGlobal) {
    InForce one;
    one.what = &what;
    one.program = program_in(loaded, what.name);
    if (!one.program.valid()) {
      detach(links.pin_of(what));
      continue;
    }
    one.program_id = id_of(one.program.get());
    SM_TRY(links.put(one, what.own ? own : pods));
    links.x_links.push_back(std::move(one));
  }
  return links;
}

Result<> GlobalLinks::put(InForce& one, const Cgroup& cgroup) {
  SM_TRY_ASSIGN(LinkChange change,
                put_in_force(one.program.get(), Place{cgroup.fd.get(), cgroup.id, one.what->type},
                             pin_of(*one.what)));
  one.link = std::move(change.link);
  if (one.what->own) one.replaced = std::move(change.replaced);
  return {};
}

std::vector<std::string> GlobalLinks::repair(const Cgroup& pods, const Cgroup& own) {
  std::vector<std::string> found;
  for (InForce& one : x_links) {
    std::string sentence = repair_one(one, one.what->own ? own : pods);
    if (!sentence.empty()) found.push_back(std::move(sentence));
  }
  return found;
}

std::string GlobalLinks::repair_one(InForce& one, const Cgroup& cgroup) {
  const auto right = [&](const std::optional<LinkFacts>& facts) {
    return facts && facts->cgroup_id == cgroup.id && facts->program_id == one.program_id;
  };
  const std::string pin = pin_of(*one.what);
  if (right(link_facts(pin))) return "";
  std::string sentence;
  Result<> done{};
  if (right(link_facts(one.link.get()))) {
    sentence = fmt::format("the pin {} was removed or replaced", pin);
    done = pin_link(one.link.get(), pin);
  } else {
    sentence = fmt::format("{} was not in force at {}", one.what->name, cgroup.path);
    done = put(one, cgroup);
  }
  return done ? sentence + "; it is again" : sentence + ": " + done.error().describe();
}

std::vector<Attachment> GlobalLinks::attachments(const Cgroup& pods, const Cgroup& own) const {
  std::vector<Attachment> all;
  for (const InForce& one : x_links) {
    const std::string pin = pin_of(*one.what);
    const Cgroup& cgroup = one.what->own ? own : pods;
    const std::optional<LinkFacts> facts = link_facts(pin);
    all.push_back(Attachment{one.what->name, one.what->hook, cgroup.path, pin,
                             facts ? facts->program_id : 0,
                             facts && facts->cgroup_id == cgroup.id});
  }
  return all;
}

std::string GlobalLinks::pin_of(const GlobalProgram& program) const {
  return x_directory + "/" + program.name;
}

}  // namespace sm::capture
