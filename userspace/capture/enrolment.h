// SPDX-License-Identifier: Apache-2.0
// Enrolment: makes the pods that are steered in the kernel equal to the pods that are wished for.
// Idempotent: reconcile() may be called at any time with the whole set; what is already so is left
// alone, what could not be done is tried again. Owned by daemon/, control thread only.
//
//   Seen -> NetnsOpen -> Listening -> Steered -> Ready -> Releasing -> Gone
//
// A pod is steered in this order: its netns is opened and checked, the listeners are made inside it
// and registered in the kernel, sk_lookup is attached, the `pods` entry is written (from then on
// connects are captured), and only then is on_pod_open called. Connections wait in the listeners'
// backlogs until the worker accepts; the pod is Ready when the daemon says so with mark_ready().
// Release is the reverse: the `pods` entry, sk_lookup, listeners, on_pod_close.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/capture_lists.h"
#include "base/ip.h"
#include "base/result.h"
#include "capture/capture.h"
#include "capture/policy_table.h"
#include "capture/self_test.h"
#include "io/pod_net.h"

namespace sm::capture {

struct PodWish {
  std::string key;          // "namespace/name"
  std::string netns_path;   // /run/netns/NAME or /proc/PID/ns/net
  std::string cgroup_path;  // below the cgroup v2 root; may be empty. Only checked: it must be
                            // inside the node's subtree
  std::vector<IpAddress> ips;
  bool bypass = false;   // not in the mesh (opt-out, host network): known to the kernel so that it
                         // is not denied as unknown
  bool gateway = false;  // no application: gateway_ports are served, other ports are refused
  std::vector<std::uint16_t> gateway_ports;
  std::vector<unsigned>
      workers;         // workers[i] serves slot i; 1 .. SM_SLOTS_MAX of them. Ignored for bypass
  CaptureLists lists;  // what the pod's annotations leave out; may change at run time
  // Its policy admits meshed clients only: connections older than enrolment are destroyed instead
  // of only counted.
  bool strict = false;

  bool operator==(const PodWish&) const = default;
};

enum class PodState : std::uint8_t {
  kSeen,
  kNetnsOpen,
  kListening,
  kSteered,
  kReady,
  kReleasing,
  kGone
};
// "Seen", "NetnsOpen", ...
std::string_view to_string(PodState state);

// A connection that was established before its pod was enrolled.
struct OldConnection {
  SocketAddress local;
  SocketAddress remote;
  bool destroyed = false;
};

// The continuous proof of capture: a socket as the pod's applications would make one is captured,
// tagged with the pod, and accepted by the pod's worker.
struct SelfTest {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::string last_failure;  // empty: the last test passed, or none was made yet
};

struct PodStatus {
  std::string key;
  PodState state = PodState::kSeen;
  std::uint64_t netns_cookie = 0;  // 0 until the netns is open
  std::vector<IpAddress> ips;
  bool bypass = false;  // Ready means: left alone
  bool gateway = false;
  std::vector<std::uint16_t> gateway_ports;
  std::vector<unsigned> workers;
  std::optional<Error> error;  // why it is not further
  // Connections that were there before the pod was steered and pass unmeshed until they end; none
  // when the pod is strict.
  std::vector<OldConnection> old_connections;
  SelfTest self_test;
};

struct KernelListener;  // pod_row.h

// What the daemon does when a pod comes and goes. Called inside reconcile(), on the control thread.
class EnrolmentEvents {
 public:
  // The pod's connections arrive from now on. Each listener goes to the worker that it names (post
  // it there); call mark_ready(key, cookie) when all of them are being accepted from.
  virtual void on_pod_open(std::shared_ptr<const io::PodNet> pod,
                           std::vector<io::PodListener> listeners) = 0;
  // The pod is gone: close its listeners and connections and let go of its PodNet, or its netns
  // stays alive.
  virtual void on_pod_close(const std::string& key, std::uint64_t netns_cookie) = 0;

 protected:
  ~EnrolmentEvents() = default;
};

class Enrolment {
 public:
  Enrolment(Kernel& kernel, EnrolmentEvents& events);
  ~Enrolment();  // releases nothing in the kernel
  Enrolment(const Enrolment&) = delete;
  Enrolment& operator=(const Enrolment&) = delete;

  // Makes `wishes` so, as far as it can now. A changed netns, address, kind or worker list is a
  // release and a new enrolment; changed gateway ports are updated in place. Pods that an earlier
  // run left behind and nobody wishes are removed.
  void reconcile(const std::vector<PodWish>& wishes);
  // Tries the pods that are not there yet, and changes that could not be made, once more; releases
  // those whose netns file is gone or is another namespace now. For a timer of about a second.
  // Returns whether anything changed.
  bool retry();
  // Puts back what is missing of steered pods: a link or its pin, the pod's row. One sentence for
  // each thing found. For a timer of some seconds.
  std::vector<std::string> watch();
  // Tests the capture of each Ready pod now and then, and notes the results. For a timer of about a
  // second.
  void self_test();
  // Whether a successor's listeners are in the kernel's table for every pod, or the pod's are gone.
  bool handed_over() const;
  // Takes the slots of a worker that does not answer out of every pod, so that the other owners get
  // its connections, or nobody; and gives them back. Pods that are steered later follow.
  void set_worker_serving(unsigned worker, bool serving);
  // The workers accept from all listeners of this pod. Ignored when the pod is not Steered or has
  // another cookie by now.
  void mark_ready(const std::string& key, std::uint64_t netns_cookie);

  std::vector<PodStatus> statuses() const;  // by key

 private:
  struct Pod;
  void advance(Pod& pod);
  Result<> enrol(Pod& pod);
  Result<> bypass(Pod& pod);
  Result<std::vector<io::PodListener>> steer(Pod& pod, int netns);
  void change(Pod& pod, PodWish before);
  Result<> write_row(Pod& pod);
  std::string look_after(Pod& pod);
  Result<> register_listener(const Pod& pod, const KernelListener& listener);
  void undo(Pod& pod);
  void find_old_connections(Pod& pod, int netns);
  void destroy_old_connections(Pod& pod);
  void end_held_connects(const Pod& pod, int netns);
  void release(Pod& pod);
  bool netns_changed(const Pod& pod) const;
  void sweep();
  Result<> write_gateway_ports(const Pod& pod);
  const Pod* owner_of(std::uint64_t cookie) const;

  Kernel& x_kernel;
  EnrolmentEvents& x_events;
  PolicyTable x_policies;
  std::map<std::string, Pod> x_pods;
  std::set<unsigned> x_absent_workers;
  SelfTester x_tester;
  std::chrono::steady_clock::time_point x_tested;  // all pods were
};

}  // namespace sm::capture
