// SPDX-License-Identifier: Apache-2.0
#include "capture/enrolment.h"

#include <fcntl.h>
#include <sockmesh/abi.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "capture/enrolment_pod.h"
#include "capture/maps.h"
#include "capture/pod_netns.h"
#include "capture/programs.h"
#include "io/netns.h"

namespace sm::capture {
namespace {

constexpr log::Logger kLog{log::Component::kCapture};

// What may change without a new enrolment is taken out of the comparison.
bool needs_new_enrolment(PodWish now, PodWish wanted) {
  for (PodWish* one : {&now, &wanted}) {
    one->gateway_ports.clear();
    one->lists = {};
    one->strict = false;
  }
  return now != wanted;
}

}  // namespace

std::string_view to_string(PodState state) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "Seen", "NetnsOpen", "Listening", "Steered", "Ready", "Releasing", "Gone"};
  return kNames[static_cast<std::size_t>(state)];
}

Enrolment::Enrolment(Kernel& kernel, EnrolmentEvents& events)
    : x_kernel(kernel), x_events(events), x_policies(kernel.map_access()), x_tester(kernel) {}
Enrolment::~Enrolment() = default;

void Enrolment::reconcile(const std::vector<PodWish>& wishes) {
  std::map<std::string, const PodWish*> wanted;
  for (const PodWish& wish : wishes) wanted[wish.key] = &wish;
  // Releases first: a netns may pass from one pod to another in one step.
  for (auto it = x_pods.begin(); it != x_pods.end();) {
    Pod& pod = it->second;
    const auto wish = wanted.find(it->first);
    const bool gone = wish == wanted.end();
    if (gone || needs_new_enrolment(pod.wish, *wish->second) || netns_changed(pod)) release(pod);
    it = gone ? x_pods.erase(it) : std::next(it);
  }
  for (const auto& [key, wish] : wanted) {
    Pod& pod = x_pods[key];
    const PodWish before = std::exchange(pod.wish, *wish);
    if (pod.in_force()) {
      change(pod, before);
    } else {
      advance(pod);
    }
  }
  sweep();
}

// What may change of a pod that stays where it is. The old lists stay in force when the new ones
// cannot be written.
void Enrolment::change(Pod& pod, PodWish before) {
  if (pod.unchanged) before = std::move(*pod.unchanged);
  pod.unchanged.reset();
  Result<> changed{};
  if (before.gateway_ports != pod.wish.gateway_ports) changed = write_gateway_ports(pod);
  if (changed && before.lists != pod.wish.lists && !pod.wish.bypass) changed = write_row(pod);
  if (pod.wish.strict && !before.strict) destroy_old_connections(pod);
  if (changed) {
    pod.error.reset();
    return;
  }
  if (!pod.error || pod.error->text != changed.error().text)
    kLog.warn("pod {}: {}", pod.wish.key, changed.error().describe());
  pod.error = changed.error();
  pod.unchanged = std::move(before);
}

// The pod's row with its lists: the old ones go after the new ones are in force.
Result<> Enrolment::write_row(Pod& pod) {
  SM_TRY_ASSIGN(const std::uint32_t policy, x_policies.add(pod.wish.lists));
  Result<> written = x_kernel.map_access().set_pod(pod.cookie, pod_row(pod.wish, policy));
  x_policies.remove(written ? std::exchange(pod.policy, policy) : policy);
  return written;
}

bool Enrolment::retry() {
  bool changed = false;
  for (auto& [key, pod] : x_pods) {
    const PodState before = pod.state;
    if (netns_changed(pod)) {
      release(pod);
      changed = true;
    }
    if (!pod.in_force()) advance(pod);
    if (pod.unchanged) {
      change(pod, pod.wish);
      changed = changed || !pod.unchanged;
    }
    changed = changed || pod.state != before;
  }
  if (changed) sweep();
  return changed;
}

void Enrolment::mark_ready(const std::string& key, std::uint64_t netns_cookie) {
  const auto it = x_pods.find(key);
  if (it == x_pods.end() || it->second.cookie != netns_cookie ||
      it->second.state != PodState::kSteered)
    return;
  it->second.state = PodState::kReady;
  kLog.info("pod {} is ready", key);
}

std::vector<PodStatus> Enrolment::statuses() const {
  std::vector<PodStatus> all;
  for (const auto& [key, pod] : x_pods) {
    all.push_back(PodStatus{key, pod.state, pod.cookie, pod.wish.ips, pod.wish.bypass,
                            pod.wish.gateway, pod.wish.gateway_ports, pod.wish.workers, pod.error,
                            pod.old_connections, pod.self_test});
  }
  return all;
}

// As far as it goes now. Whatever was begun and could not be finished is undone, so that the next
// try starts from the same state; the error stays to be shown, and is logged when it is a new one.
void Enrolment::advance(Pod& pod) {
  const Result<> done = pod.wish.bypass ? bypass(pod) : enrol(pod);
  if (done) {
    pod.error.reset();
    return;
  }
  if (!pod.error || pod.error->text != done.error().text) {
    kLog.warn("pod {} cannot be {}: {}", pod.wish.key, pod.wish.bypass ? "let past" : "enrolled",
              done.error().describe());
  }
  pod.error = done.error();
}

Result<> Enrolment::enrol(Pod& pod) {
  const PodWish& wish = pod.wish;
  pod.state = PodState::kSeen;
  pod.cookie = 0;
  if (wish.workers.empty() || wish.workers.size() > SM_SLOTS_MAX) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("{} workers for one pod; 1 to {} are possible", wish.workers.size(),
                             SM_SLOTS_MAX),
                 ""};
  }
  if (wish.ips.empty())
    return Error{ErrorCode::kUnavailable, "the pod has no address yet", "status.podIPs says it"};
  if (wish.netns_path.empty()) {
    return Error{ErrorCode::kInvalid, "nothing says where the pod's netns is",
                 "annotate it: sockmesh.io/netns: /run/netns/NAME"};
  }
  if (!wish.cgroup_path.empty() && !x_kernel.is_below_cgroup(wish.cgroup_path)) {
    return Error{
        ErrorCode::kInvalid,
        fmt::format("the pod's cgroup {} is not below {}, so its connections would not be captured",
                    wish.cgroup_path, x_kernel.cgroup_path()),
        "start the pod below the node file's cgroup:"};
  }
  SM_TRY_ASSIGN(PodNetns netns, open_pod_netns(wish.netns_path, x_kernel.home_netns()));
  if (is_host_netns(netns, x_kernel.home_netns())) {
    return Error{ErrorCode::kInvalid, wish.netns_path + " is the host's own netns",
                 "pods on the host network cannot be enrolled"};
  }
  SM_TRY(check_pod_netns(netns, x_kernel.home_netns(), wish.ips));
  if (const Pod* owner = owner_of(netns.cookie)) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("the netns {} is pod {}'s already", wish.netns_path, owner->wish.key),
                 "correct the annotation sockmesh.io/netns of one of them"};
  }
  pod.state = PodState::kNetnsOpen;
  pod.cookie = netns.cookie;
  pod.device = netns.device;
  pod.inode = netns.inode;
  SM_TRY_ASSIGN(pod.listeners, make_listeners(wish, netns, x_kernel.home_netns()));
  pod.state = PodState::kListening;
  Result<std::vector<io::PodListener>> listeners = steer(pod, netns.fd.get());
  if (!listeners) {
    undo(pod);
    return listeners.error();
  }
  pod.state = PodState::kSteered;
  find_old_connections(pod, netns.fd.get());
  auto net = std::make_shared<io::PodNet>();
  net->key = wish.key;
  net->netns_cookie = netns.cookie;
  net->netns = std::move(netns.fd);
  net->ips = wish.ips;
  net->gateway = wish.gateway;
  kLog.info("pod {} is steered (netns cookie {})", wish.key, pod.cookie);
  x_events.on_pod_open(std::move(net), std::move(*listeners));
  return {};
}

// The kernel's entries, the `pods` row last: from then on connects are captured, and find
// everything in place. Returns the listeners for the workers.
Result<std::vector<io::PodListener>> Enrolment::steer(Pod& pod, int netns) {
  const Maps& maps = x_kernel.map_access();
  // Slots of an earlier run with more workers; those that are used now change hands at once.
  maps.remove_listeners(pod.cookie, static_cast<std::uint32_t>(pod.wish.workers.size()));
  std::vector<io::PodListener> listeners;
  for (const KernelListener& one : pod.listeners) {
    const io::PodListener& own = one.listener;
    SM_TRY(register_listener(pod, one));
    UniqueFd second(::fcntl(own.fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!second.valid()) return system_error("duplicate a listener's descriptor", errno);
    listeners.push_back(io::PodListener{own.kind, own.slot, own.worker, std::move(second)});
  }
  SM_TRY(write_gateway_ports(pod));
  SM_TRY(x_kernel.programs().steer(maps, netns, arrive_config(pod.wish, pod.cookie)));
  SM_TRY(write_row(pod));
  return listeners;
}

Result<> Enrolment::bypass(Pod& pod) {
  pod.state = PodState::kSeen;
  SM_TRY_ASSIGN(PodNetns netns, open_pod_netns(pod.wish.netns_path, x_kernel.home_netns()));
  const Pod* owner = owner_of(netns.cookie);
  if (owner != nullptr && !owner->wish.bypass) {
    return Error{
        ErrorCode::kInvalid,
        fmt::format("the netns {} is enrolled pod {}'s", pod.wish.netns_path, owner->wish.key), ""};
  }
  pod.cookie = netns.cookie;
  pod.device = netns.device;
  pod.inode = netns.inode;
  // It may have been enrolled by an earlier run.
  x_kernel.programs().unsteer(pod.cookie);
  SM_TRY(x_kernel.map_access().set_pod(pod.cookie, pod_row(pod.wish, 0)));
  end_held_connects(pod, netns.fd.get());
  pod.state = PodState::kReady;
  return {};
}

// Takes the kernel's entries away, in the reverse order.
void Enrolment::undo(Pod& pod) {
  const Maps& maps = x_kernel.map_access();
  maps.remove_pod(pod.cookie);
  if (pod.wish.bypass) return;
  x_policies.remove(std::exchange(pod.policy, 0));
  x_kernel.programs().unsteer(pod.cookie);
  maps.remove_listeners(pod.cookie, 0);
  pod.listeners.clear();
  pod.unchanged.reset();
  pod.old_connections.clear();
  pod.self_test = {};
  pod.test_failures.clear();
  for (const auto& [netns, port] : maps.gateway_ports()) {
    if (netns == pod.cookie) maps.remove_gateway_port(netns, port);
  }
  maps.forget_connections(pod.cookie);
}

void Enrolment::release(Pod& pod) {
  if (!pod.in_force()) return;
  pod.state = PodState::kReleasing;
  const std::uint64_t cookie = pod.cookie;
  // The host's netns may be let past for several pods.
  if (owner_of(cookie) == nullptr) undo(pod);
  if (!pod.wish.bypass) x_events.on_pod_close(pod.wish.key, cookie);
  pod.state = PodState::kGone;
  pod.cookie = 0;
  kLog.info("pod {} is released (netns cookie {})", pod.wish.key, cookie);
}

bool Enrolment::netns_changed(const Pod& pod) const {
  if (!pod.in_force()) return false;
  struct stat about {};
  if (::stat(pod.wish.netns_path.c_str(), &about) != 0) return true;
  return about.st_dev != pod.device || about.st_ino != pod.inode;
}

// Removes what an earlier run left for pods that nobody wishes now. While some wished pod's netns
// could not be identified, what is there may be its: then only what belongs to dead namespaces
// goes, and the rest stays closed.
void Enrolment::sweep() {
  std::set<std::uint64_t> known;
  bool all_known = true;
  for (const auto& [key, pod] : x_pods) {
    if (pod.cookie != 0) known.insert(pod.cookie);
    all_known =
        all_known && (pod.cookie != 0 || (pod.error && pod.error->code == ErrorCode::kNotFound));
  }
  const Maps& maps = x_kernel.map_access();
  std::set<std::uint64_t> alive;
  for (const Programs::Steered& one : x_kernel.programs().steered()) {
    if (one.alive) alive.insert(one.cookie);
    if (known.count(one.cookie) != 0 || (one.alive && !all_known)) continue;
    kLog.info("removing what is left of the netns with cookie {}", one.cookie);
    x_kernel.programs().unsteer(one.cookie);
    maps.forget_connections(one.cookie);
  }
  const auto left_over = [&](std::uint64_t cookie) {
    return known.count(cookie) == 0 && (all_known || alive.count(cookie) == 0);
  };
  for (const std::uint64_t cookie : maps.pods()) {
    if (left_over(cookie)) maps.remove_pod(cookie);
  }
  for (const auto& [cookie, port] : maps.gateway_ports()) {
    if (left_over(cookie)) maps.remove_gateway_port(cookie, port);
  }
  std::set<std::uint32_t> policies;
  for (const std::uint64_t cookie : maps.pods()) {
    if (const std::optional<sm_pod> row = maps.pod(cookie)) policies.insert(row->policy);
  }
  x_policies.keep_only(policies);
}

Result<> Enrolment::write_gateway_ports(const Pod& pod) {
  const Maps& maps = x_kernel.map_access();
  const std::vector<std::uint16_t>& wanted = pod.wish.gateway_ports;
  for (const auto& [netns, port] : maps.gateway_ports()) {
    if (netns == pod.cookie && std::find(wanted.begin(), wanted.end(), port) == wanted.end())
      maps.remove_gateway_port(netns, port);
  }
  if (!pod.wish.gateway) return {};
  for (const std::uint16_t port : wanted) SM_TRY(maps.set_gateway_port(pod.cookie, port));
  return {};
}

const Enrolment::Pod* Enrolment::owner_of(std::uint64_t cookie) const {
  for (const auto& [key, pod] : x_pods) {
    if (pod.cookie == cookie && pod.in_force()) return &pod;
  }
  return nullptr;
}

}  // namespace sm::capture
