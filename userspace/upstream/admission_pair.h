// SPDX-License-Identifier: Apache-2.0
// AdmissionPair: the probes and the users of one (client pod, server pod, port). Owned by the
// AdmissionTable.
//
//            ask                 sink accepted            kAdmissionLapse without success
//   Unknown ------> Probing ------------------> Admitted -------------------------------> Lapsed
//   (users closed, pair dropped)
//                      |  refused, time-out          | kAdmissionRenew, while active
//                      v                             v
//                 waiters refused               Probing again (stays admitted meanwhile)
#pragma once

#include <memory>
#include <optional>
#include <unordered_set>

#include "io/loop.h"
#include "io/timer.h"
#include "io/watch.h"
#include "upstream/admission.h"

namespace sm::upstream {

class AdmissionPair final : public io::Mortal, private io::WatchEvents, private io::TimerEvents {
 public:
  AdmissionPair(AdmissionTable& table, AdmissionKey key, std::shared_ptr<const io::PodNet> client,
                SocketAddress to);
  ~AdmissionPair() override;

  AdmissionAnswer ask(AdmissionUser& user);
  // The sink has accepted the tuple of the probe under way.
  void probe_arrived();
  // Tells every user that the admission is over; the table buries the pair afterwards.
  void end();

  void add(AdmissionTicket& ticket) { x_tickets.insert(&ticket); }
  void remove(AdmissionTicket& ticket) { x_tickets.erase(&ticket); }
  // Nothing keeps it: no user, no probe under way, no admission in force.
  bool unused() const { return x_tickets.empty() && !x_probe.valid() && !admitted(); }
  // A ticket became active: renew if it is due.
  void used();

 private:
  enum Tag : int { kProbeLimit, kRenew, kLapse };

  bool admitted() const { return x_lapse.armed(); }
  std::optional<Failure> start_probe();
  void end_probe();
  void probe_failed(const Failure& failure);
  void answer_waiters(const Failure* failure);
  bool any_active() const;
  void on_ready(bool readable, bool writable) override;
  void on_timer(int tag) override;

  AdmissionTable& x_table;
  AdmissionKey x_key;
  std::shared_ptr<const io::PodNet> x_client;
  SocketAddress x_to;

  UniqueFd x_probe;  // before its watch
  std::unique_ptr<io::Watch> x_probe_watch;
  SocketAddress x_probe_from;

  std::unordered_set<AdmissionTicket*> x_tickets;
  io::Timer x_limit;
  io::Timer x_renew;
  io::Timer x_lapse;
  bool x_renew_due = false;
};

}  // namespace sm::upstream
