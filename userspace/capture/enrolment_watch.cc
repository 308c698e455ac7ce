// SPDX-License-Identifier: Apache-2.0
// Enrolment, after a pod is steered: keeping it so, proving it, and what was there before.
#include <fmt/format.h>
#include <sys/socket.h>

#include <set>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "capture/enrolment.h"
#include "capture/enrolment_pod.h"
#include "capture/maps.h"
#include "capture/old_connections.h"
#include "capture/programs.h"
#include "io/netns.h"

namespace sm::capture {
namespace {

constexpr log::Logger kLog{log::Component::kCapture};

}  // namespace

std::vector<std::string> Enrolment::watch() {
  std::vector<std::string> found;
  for (auto& [key, pod] : x_pods) {
    if (!pod.in_force()) continue;
    std::string sentence = look_after(pod);
    if (!sentence.empty()) found.push_back(fmt::format("pod {}: {}", key, sentence));
  }
  return found;
}

std::string Enrolment::look_after(Pod& pod) {
  const auto ended = [](const std::string& what, const Result<>& done) {
    return what + (done ? "; it is again" : ": " + done.error().describe());
  };
  const std::optional<sm_pod> row = x_kernel.map_access().pod(pod.cookie);
  const std::uint32_t state = pod.wish.bypass ? SM_POD_BYPASS : SM_POD_ENROLLED;
  if (!row || row->state != state) return ended("its row in sm_pods was not there", write_row(pod));
  if (pod.wish.bypass) return "";
  switch (x_kernel.programs().look_after(pod.cookie)) {
    case Programs::Health::kInForce:
      return "";
    case Programs::Health::kPinnedAgain:
      return "the pin of its sk_lookup link was removed; it is there again";
    case Programs::Health::kGone:
      break;
  }
  const Result<UniqueFd> netns = io::open_netns(pod.wish.netns_path.c_str());
  return ended("sk_lookup was not in force in its netns",
               netns ? x_kernel.programs().steer(x_kernel.map_access(), netns->get(),
                                                 arrive_config(pod.wish, pod.cookie))
                     : Result<>(netns.error()));
}

void Enrolment::self_test() {
  for (const SelfTestResult& result : x_tester.collect()) {
    const auto found = x_pods.find(result.key);
    if (found == x_pods.end() || found->second.cookie != result.cookie) continue;
    SelfTest& test = found->second.self_test;
    // One family's success says nothing of the other.
    std::map<int, std::string>& failures = found->second.test_failures;
    ++(result.failure.empty() ? test.passed : test.failed);
    if (result.failure.empty()) {
      failures.erase(result.family);
    } else if (std::exchange(failures[result.family], result.failure) != result.failure) {
      kLog.error("pod {}: the test of its capture failed: {}", result.key, result.failure);
    }
    test.last_failure = failures.empty() ? "" : failures.begin()->second;
  }
  if (!x_tester.idle()) return;
  const auto now = std::chrono::steady_clock::now();
  const bool all = now - x_tested >= kSelfTestEvery;
  if (all) x_tested = now;
  std::vector<SelfTestTarget> targets;
  for (const auto& [key, pod] : x_pods) {
    // A new pod is tested at once.
    if (pod.state != PodState::kReady || pod.wish.bypass) continue;
    if (!all && pod.self_test.passed + pod.self_test.failed != 0) continue;
    targets.push_back(SelfTestTarget{key, pod.cookie, pod.wish.netns_path,
                                     (pod_row(pod.wish, 0).flags & SM_POD_IPV6) != 0});
  }
  x_tester.launch(targets);
}

bool Enrolment::handed_over() const {
  const Maps& maps = x_kernel.map_access();
  for (const auto& [key, pod] : x_pods) {
    if (!pod.in_force()) continue;
    for (const KernelListener& one : pod.listeners) {
      std::uint64_t own = 0;
      socklen_t length = sizeof own;
      ::getsockopt(one.listener.fd.get(), SOL_SOCKET, SO_COOKIE, &own, &length);
      if (maps.listener(pod.cookie, one.kind, one.listener.slot) == own) return false;
    }
  }
  return true;
}

void Enrolment::set_worker_serving(unsigned worker, bool serving) {
  if (serving == (x_absent_workers.count(worker) == 0)) return;
  if (serving) {
    x_absent_workers.erase(worker);
  } else {
    x_absent_workers.insert(worker);
  }
  for (const auto& [key, pod] : x_pods) {
    for (const KernelListener& one : pod.listeners) {
      if (one.listener.worker != worker || !pod.in_force()) continue;
      const Result<> done = register_listener(pod, one);
      if (!done) kLog.warn("pod {}: {}", key, done.error().describe());
    }
  }
}

// In the kernel's table, or out of it while its worker does not answer.
Result<> Enrolment::register_listener(const Pod& pod, const KernelListener& listener) {
  const Maps& maps = x_kernel.map_access();
  const io::PodListener& own = listener.listener;
  if (x_absent_workers.count(own.worker) == 0)
    return maps.set_listener(pod.cookie, listener.kind, own.slot, own.fd.get());
  maps.remove_listener(pod.cookie, listener.kind, own.slot);
  return {};
}

// Connections that were there before capture are not ours to route. A strict pod may not keep them.
void Enrolment::find_old_connections(Pod& pod, int netns) {
  Result<std::vector<OldConnection>> found = old_connections(
      OldConnectionSearch{netns, x_kernel.home_netns(), &x_kernel.pods_cgroup()}, pod.wish);
  if (!found) {
    kLog.warn("pod {}: its older connections cannot be listed: {}", pod.wish.key,
              found.error().describe());
    return;
  }
  pod.old_connections = std::move(*found);
  if (pod.old_connections.empty()) return;
  kLog.warn(
      "pod {} has {} connections from before it was enrolled; they {}", pod.wish.key,
      pod.old_connections.size(),
      pod.wish.strict ? "are destroyed: its policy is strict" : "pass unmeshed until they end");
  if (pod.wish.strict) destroy_old_connections(pod);
}

void Enrolment::destroy_old_connections(Pod& pod) {
  if (pod.old_connections.empty()) return;
  const Result<UniqueFd> netns = io::open_netns(pod.wish.netns_path.c_str());
  const Result<> destroyed =
      netns ? destroy_connections(
                  OldConnectionSearch{netns->get(), x_kernel.home_netns(), &x_kernel.pods_cgroup()},
                  pod.old_connections)
            : Result<>(netns.error());
  if (!destroyed) kLog.warn("pod {}: {}", pod.wish.key, destroyed.error().describe());
}

// What a pod that is let past dialled while it was unknown is on its way to the capture address,
// and must not get there. The application reads ECONNABORTED and dials again.
void Enrolment::end_held_connects(const Pod& pod, int netns) {
  const OldConnectionSearch search{netns, x_kernel.home_netns(), &x_kernel.pods_cgroup()};
  Result<std::vector<OldConnection>> held = held_connects(search, pod.wish);
  if (held && held->empty()) return;
  const Result<> ended = held ? destroy_connections(search, *held) : Result<>(held.error());
  if (!ended)
    kLog.warn("pod {}: its held connects wait for their time-out: {}", pod.wish.key,
              ended.error().describe());
}

}  // namespace sm::capture
