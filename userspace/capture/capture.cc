// SPDX-License-Identifier: Apache-2.0
#include "capture/capture.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/log.h"
#include "capture/bpffs.h"
#include "capture/global_links.h"
#include "capture/install.h"
#include "capture/loopback.h"
#include "capture/maps.h"
#include "capture/node_cgroup.h"
#include "capture/programs.h"
#include "capture/record.h"
#include "io/netns.h"

namespace sm::capture {
namespace {

constexpr log::Logger kLog{log::Component::kCapture};

Error foreign_error(const std::vector<std::string>& found) {
  return Error{ErrorCode::kDenied, found.front(),
               "attach that program with BPF_F_ALLOW_MULTI or through a bpf_link, or remove it; "
               "see `sockmeshctl doctor`"};
}

Result<> bind_to_loopback(int socket, const IpAddress& destination) {
  // Un-meshed, this connection would take no port of the pod; so it must not keep an application
  // from binding one. The port is chosen at connect(), so that ports can be shared between
  // destinations.
  const int yes = 1;
  if (::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes) != 0) {
    return system_error("prepare a socket to be bound to loopback", errno);
  }
  sockaddr_storage storage{};
  const socklen_t length =
      SocketAddress{loopback_address(destination.family()), 0}.to_sockaddr(storage);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return system_error("bind to loopback", errno);
  return {};
}

sm_socket mark_for(io::DialPurpose purpose, const std::optional<SocketAddress>& client) {
  sm_socket mark{};
  mark.kind = purpose == io::DialPurpose::kProbe ? SM_SOCKET_OWN_PROBE : SM_SOCKET_OWN;
  if (purpose == io::DialPurpose::kApplication && client) {
    mark.kind = SM_SOCKET_OWN_CLIENT;
    mark.ip = to_abi(client->ip);
    mark.port_be = to_be16(client->port);
  }
  return mark;
}

}  // namespace

struct Kernel::State {
  UniqueFd home;
  Cgroup pods;
  Cgroup own;
  UniqueFd probes;  // the leaf of `pods` for self-tests
  UniqueFd lock;    // of the bpffs directory, for as long as we live
  std::string pins;
  bool recovered = false;
  Maps maps;
  GlobalLinks links;
  Programs programs{""};
  std::string subtree;  // `cgroup:` as it is written
  std::string bpffs;
};

Kernel::Kernel(std::unique_ptr<State> state) : x_state(std::move(state)) {}
Kernel::~Kernel() = default;

Result<std::unique_ptr<Kernel>> Kernel::open(const KernelConfig& config) {
  auto state = std::make_unique<State>();
  SM_TRY_ASSIGN(state->home, io::current_netns());
  state->subtree = config.cgroup;
  state->bpffs = config.bpffs;
  SM_TRY_ASSIGN(state->pods, open_subtree(config.cgroup));
  SM_TRY_ASSIGN(state->own, open_own_cgroup());
  for (const Cgroup* cgroup : {&state->pods, &state->own}) {
    const std::vector<std::string> foreign = foreign_programs(*cgroup);
    if (!foreign.empty()) return foreign_error(foreign);
  }
  SM_TRY_ASSIGN(const std::optional<Record> before, read_record(config.run_dir));
  if (before && before->bpffs != config.bpffs && !names_in(before->bpffs).empty()) {
    return Error{ErrorCode::kDenied,
                 "an earlier run has its programs in force, pinned in " + before->bpffs,
                 "go back to that bpffs:, or run `sockmeshctl uninstall` first"};
  }
  SM_TRY(ensure_bpffs(config.bpffs));
  // Before the record: uninstall must not take for ours what another daemon holds.
  SM_TRY_ASSIGN(state->lock, lock_directory(config.bpffs));
  SM_TRY(write_record(config.run_dir, Record{config.bpffs, state->pods.path}));
  SM_TRY_ASSIGN(Installation installed,
                install(InstallPlaces{config.bpffs, state->pods, state->own},
                        NodeRules{config.unknown_pods, config.open_when_down}));
  state->probes = open_probe_leaf(state->pods);
  state->maps = std::move(installed.maps);
  state->links = std::move(installed.links);
  state->programs = Programs(installed.pins);
  state->pins = std::move(installed.pins);
  state->recovered = installed.recovered;
  kLog.info("{} the programs at {}, pins in {}", state->recovered ? "took over" : "attached",
            state->pods.path, state->pins);
  return std::make_unique<Kernel>(std::move(state));
}

Result<UniqueFd> Kernel::open(const io::PodNet& pod, const SocketAddress& destination,
                              io::DialPurpose purpose, const std::optional<SocketAddress>& client) {
  UniqueFd socket;
  {
    SM_TRY_ASSIGN(const io::NetnsScope inside,
                  io::NetnsScope::enter(pod.netns.get(), x_state->home.get()));
    socket.reset(::socket(destination.ip.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return system_error("socket in the netns of " + pod.key, errno);
  }
  if (purpose == io::DialPurpose::kApplication)
    SM_TRY(bind_to_loopback(socket.get(), destination.ip));
  SM_TRY(x_state->maps.mark(socket.get(), mark_for(purpose, client)));
  return socket;
}

std::optional<SocketAddress> Kernel::find(const io::PodNet& pod, const SocketAddress& peer,
                                          const SocketAddress& local) {
  return x_state->maps.find_wish(pod.netns_cookie, peer, local);
}

std::vector<std::string> Kernel::watch() {
  std::vector<std::string> found;
  // A cgroup that was removed and made again is another one: what runs in it now is not captured
  // until the programs hang there too.
  Result<Cgroup> now = open_subtree(x_state->subtree);
  if (!now) {
    found.push_back("no pod can be captured: " + now.error().describe());
    return found;
  }
  if (now->id != x_state->pods.id) {
    found.push_back("the cgroup " + now->path + " was removed and made again");
    x_state->pods = std::move(*now);
    x_state->probes = open_probe_leaf(x_state->pods);
  }
  for (const char* part : {"", "/maps", "/links", "/pods"}) {
    const Result<> made = make_directory(x_state->pins + part);
    if (!made) found.push_back(made.error().describe());
  }
  for (std::string& one : x_state->maps.pin_again(x_state->pins + "/maps"))
    found.push_back(std::move(one));
  for (std::string& one : x_state->links.repair(x_state->pods, x_state->own))
    found.push_back(std::move(one));
  if (x_state->maps.take_alarm()) {
    found.push_back(
        "a captured connection could not be published and was refused: sm_wishes is full, or the "
        "kernel is out of memory");
  }
  return found;
}

std::vector<Counter> Kernel::counters() const { return x_state->maps.counters(); }
std::vector<MapUse> Kernel::maps() const { return x_state->maps.uses(); }
std::vector<Attachment> Kernel::attachments() const {
  std::vector<Attachment> all = x_state->links.attachments(x_state->pods, x_state->own);
  for (Attachment& one : x_state->programs.attachments()) all.push_back(std::move(one));
  return all;
}
const std::string& Kernel::cgroup_path() const { return x_state->pods.path; }
bool Kernel::is_below_cgroup(const std::string& path) const {
  return is_below(x_state->pods, path);
}
const std::string& Kernel::pin_path() const { return x_state->pins; }
int Kernel::home_netns() const { return x_state->home.get(); }
void Kernel::let_go() { x_state->lock.reset(); }
Result<> Kernel::take_back() {
  SM_TRY_ASSIGN(x_state->lock, lock_directory(x_state->bpffs));
  return {};
}
int Kernel::probe_cgroup() const { return x_state->probes.get(); }
const Cgroup& Kernel::pods_cgroup() const { return x_state->pods; }
Maps& Kernel::map_access() { return x_state->maps; }
Programs& Kernel::programs() { return x_state->programs; }
bool Kernel::recovered() const { return x_state->recovered; }

}  // namespace sm::capture
