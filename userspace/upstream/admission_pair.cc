// SPDX-License-Identifier: Apache-2.0
#include "upstream/admission_pair.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "io/transport.h"
#include "upstream/dial.h"

namespace sm::upstream {

namespace {
constexpr log::Logger kLog{log::Component::kUpstream};
}

AdmissionPair::AdmissionPair(AdmissionTable& table, AdmissionKey key,
                             std::shared_ptr<const io::PodNet> client, SocketAddress to)
    : x_table(table),
      x_key(key),
      x_client(std::move(client)),
      x_to(to),
      x_limit(table.loop().timers(), *this, kProbeLimit),
      x_renew(table.loop().timers(), *this, kRenew),
      x_lapse(table.loop().timers(), *this, kLapse) {}

AdmissionPair::~AdmissionPair() {
  end_probe();
  for (AdmissionTicket* ticket : x_tickets) ticket->pair_is_gone();
}

AdmissionAnswer AdmissionPair::ask(AdmissionUser& user) {
  AdmissionAnswer answer;
  if (x_tickets.size() >= kAdmissionWaitersMax && !admitted()) {
    answer.failure = {FailureKind::kLocalConnect,
                      "too many connections wait for one admission probe"};
    return answer;
  }
  if (!admitted() && !x_probe.valid()) {
    if (auto failure = start_probe()) {
      answer.failure = *failure;
      return answer;
    }
  }
  answer.admitted = admitted();
  answer.ticket = std::make_unique<AdmissionTicket>(*this, user);
  answer.ticket->state().waiting = !answer.admitted;
  if (answer.admitted) used();
  return answer;
}

void AdmissionPair::used() {
  if (!x_renew_due || x_probe.valid()) return;
  // An error of our own is no verdict of the network: the admission runs on, and the next use tries
  // again.
  if (const auto failure = start_probe())
    kLog.debug("admission probe to {}: {}", x_to.to_string(), failure->text);
}

std::optional<Failure> AdmissionPair::start_probe() {
  DialPlan plan;
  plan.to = x_to;
  plan.pod = x_client;
  plan.purpose = io::DialPurpose::kProbe;
  OpenResult result = open_and_connect(x_table.sockets(), plan);
  if (!result.opened) {
    // Nothing left our host; but a refusal by a route or a filter here is the network's word too.
    if (result.failure.kind == FailureKind::kRemoteConnect) x_table.note_probe_failed();
    return result.failure;
  }
  x_probe = std::move(result.opened->fd);
  x_probe_from = io::local_address(x_probe.get());
  io::WatchEvents& events = *this;
  x_probe_watch = std::make_unique<io::Watch>(x_table.loop(), x_probe.get(), events);
  // Writable comes with the end of connecting, whichever way; afterwards only the sink's word
  // counts.
  x_probe_watch->want(false, true);
  x_limit.arm(kProbeTimeout);
  x_table.probe_started({x_probe_from, x_to}, *this);
  return std::nullopt;
}

void AdmissionPair::end_probe() {
  if (!x_probe.valid()) return;
  x_table.probe_ended({x_probe_from, x_to});
  x_limit.cancel();
  x_probe_watch.reset();
  io::set_reset_on_close(x_probe.get());
  x_probe.reset();
}

void AdmissionPair::probe_arrived() {
  end_probe();
  x_renew_due = false;
  x_renew.arm(kAdmissionRenew);
  x_lapse.arm(kAdmissionLapse);
  answer_waiters(nullptr);
}

void AdmissionPair::on_ready(bool /*readable*/, bool /*writable*/) {
  const int error_number = io::take_socket_error(x_probe.get());
  // Connected, or reset by the sink as it should be: the report decides. Anything else is the
  // network's refusal.
  if (error_number == 0 || error_number == ECONNRESET || error_number == EPIPE) {
    x_probe_watch->want(false, false);
    return;
  }
  probe_failed(connect_failure(error_number));
}

void AdmissionPair::probe_failed(const Failure& failure) {
  end_probe();
  x_table.note_probe_failed();
  kLog.debug("admission probe {} -> {} failed: {}", x_client->key, x_to.to_string(), failure.text);
  if (admitted()) {
    // Tried again at the next tick of the renewal, until the admission lapses.
    x_renew.arm(kProbeRetry);
    return;
  }
  answer_waiters(&failure);
  if (x_tickets.empty()) x_table.drop(x_key);
}

// Users may ask again or let go from inside the call, so the list is taken first and each entry
// checked before its turn.
void AdmissionPair::answer_waiters(const Failure* failure) {
  std::vector<AdmissionTicket*> waiting;
  for (AdmissionTicket* ticket : x_tickets) {
    if (ticket->state().waiting) waiting.push_back(ticket);
  }
  for (AdmissionTicket* ticket : waiting) {
    if (x_tickets.count(ticket) == 0 || !ticket->state().waiting) continue;
    ticket->state().waiting = false;
    if (failure != nullptr) {
      ticket->state().user->on_not_admitted(*failure);
    } else {
      ticket->state().user->on_admitted();
    }
  }
}

bool AdmissionPair::any_active() const {
  return std::any_of(x_tickets.begin(), x_tickets.end(),
                     [](AdmissionTicket* ticket) { return ticket->state().active; });
}

void AdmissionPair::on_timer(int tag) {
  switch (tag) {
    case kProbeLimit:
      probe_failed({FailureKind::kConnectTimeout, "no admission probe arrived at the pod"});
      break;
    case kRenew:
      x_renew_due = true;
      if (any_active()) used();
      break;
    case kLapse:
      x_table.drop(x_key);
      break;
    default:
      break;
  }
}

void AdmissionPair::end() {
  end_probe();
  x_renew.cancel();
  x_lapse.cancel();
  const std::vector<AdmissionTicket*> all(x_tickets.begin(), x_tickets.end());
  for (AdmissionTicket* ticket : all) {
    if (x_tickets.count(ticket) == 0) continue;
    if (ticket->state().waiting) {
      ticket->state().waiting = false;
      ticket->state().user->on_not_admitted({FailureKind::kRemoteConnect, "the pod is gone"});
    } else {
      ticket->state().user->on_admission_lapsed();
    }
  }
}

}  // namespace sm::upstream
