// SPDX-License-Identifier: Apache-2.0
// Admission: may client pod A reach port P of server pod B of the same node? The CNI decides, as it
// would without a mesh: a probe is dialled from A's namespace to B's address over the pods'
// network, and has to arrive at B's sink, where the kernel steers exactly the tuple that was
// published for it. What connect() says in A proves nothing and is not believed; it can only end a
// probe early as refused. NetworkPolicy thus keeps its meaning although data goes straight into B.
//
// A pair stays admitted kAdmissionLapse after its last success. While it is in use the probe is
// renewed kAdmissionRenew after the last success; if no renewal succeeds, users are told to close
// when the admission lapses. Errors of our own (no descriptor, no mark) refuse new dials but are
// not the network's verdict.
//
// One table per worker (a pod's pairs live on the workers that serve the pod), one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ip.h"
#include "io/loop.h"
#include "io/pod_net.h"
#include "io/pod_sockets.h"
#include "telemetry/counters.h"
#include "upstream/failure.h"

namespace sm::upstream {

// Someone who waits for, or lives by, an admission.
class AdmissionUser {
 public:
  virtual void on_admitted() = 0;
  virtual void on_not_admitted(const Failure& failure) = 0;
  // The admission has lapsed while it was in use: the connection has to close.
  virtual void on_admission_lapsed() = 0;

 protected:
  ~AdmissionUser() = default;
};

struct AdmissionKey {
  std::uint64_t client = 0;  // netns cookies
  std::uint64_t server = 0;
  std::uint16_t port = 0;
  bool operator==(const AdmissionKey&) const = default;
};
struct AdmissionKeyHash {
  std::size_t operator()(const AdmissionKey& key) const noexcept;
};

// The two ends of a probe, as the sink sees them.
struct ProbeTuple {
  SocketAddress from;
  SocketAddress to;
  bool operator==(const ProbeTuple&) const = default;
};
struct ProbeTupleHash {
  std::size_t operator()(const ProbeTuple& tuple) const noexcept;
};

class AdmissionTable;
class AdmissionPair;

// A user's place with a pair. Letting go of it ends all callbacks.
class AdmissionTicket {
 public:
  AdmissionTicket(AdmissionPair& pair, AdmissionUser& user);
  ~AdmissionTicket();
  AdmissionTicket(const AdmissionTicket&) = delete;
  AdmissionTicket& operator=(const AdmissionTicket&) = delete;

  // In use (a request is under way, a relay is open) or merely held (an idle pooled connection,
  // which asks for no renewal).
  void set_active(bool active);
  // For the pair: the state that it keeps about this user.
  struct State {
    AdmissionUser* user;
    bool active = true;    // in use, or else held only
    bool waiting = false;  // not answered yet
  };
  State& state() { return x_state; }
  void pair_is_gone() { x_pair = nullptr; }

 private:
  AdmissionPair* x_pair;
  State x_state;
};

struct AdmissionAnswer {
  std::unique_ptr<AdmissionTicket> ticket;  // null: refused at once, see `failure`
  bool admitted =
      false;  // else on_admitted/on_not_admitted will be called, never from inside ask()
  Failure failure;
};

class AdmissionTable {
 public:
  AdmissionTable(io::Loop& loop, io::PodSockets& sockets, telemetry::Counters& counters);
  ~AdmissionTable();
  AdmissionTable(const AdmissionTable&) = delete;
  AdmissionTable& operator=(const AdmissionTable&) = delete;

  AdmissionAnswer ask(const std::shared_ptr<const io::PodNet>& client,
                      const std::shared_ptr<const io::PodNet>& server, const SocketAddress& to,
                      AdmissionUser& user);
  // A sink has accepted this tuple.
  void probe_arrived(const SocketAddress& from, const SocketAddress& to);
  // Drops every pair of the pod; their users are told that the admission lapsed.
  void forget_pod(std::uint64_t netns_cookie);

  std::size_t pairs() const { return x_pairs.size(); }

  // For the pairs.
  io::Loop& loop() { return x_loop; }
  io::PodSockets& sockets() { return x_sockets; }
  void probe_started(const ProbeTuple& tuple, AdmissionPair& pair);
  void probe_ended(const ProbeTuple& tuple) { x_probing.erase(tuple); }
  void note_probe_failed() { x_counters.add(telemetry::Metric::kProbesFailed); }
  void drop(const AdmissionKey& key);

 private:
  io::Loop& x_loop;
  io::PodSockets& x_sockets;
  telemetry::Counters& x_counters;
  std::unordered_map<ProbeTuple, AdmissionPair*, ProbeTupleHash> x_probing;  // outlives the pairs
  std::unordered_map<AdmissionKey, std::unique_ptr<AdmissionPair>, AdmissionKeyHash> x_pairs;
};

}  // namespace sm::upstream
