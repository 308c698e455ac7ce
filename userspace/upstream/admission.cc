// SPDX-License-Identifier: Apache-2.0
#include "upstream/admission.h"

#include "upstream/admission_pair.h"

namespace sm::upstream {

std::size_t AdmissionKeyHash::operator()(const AdmissionKey& key) const noexcept {
  return (key.client * 0x9e3779b97f4a7c15ULL) ^ (key.server * 0xbf58476d1ce4e5b9ULL) ^ key.port;
}

std::size_t ProbeTupleHash::operator()(const ProbeTuple& tuple) const noexcept {
  return SocketAddressHash{}(tuple.from) * 31 + SocketAddressHash{}(tuple.to);
}

AdmissionTicket::AdmissionTicket(AdmissionPair& pair, AdmissionUser& user)
    : x_pair(&pair), x_state{&user} {
  pair.add(*this);
}

AdmissionTicket::~AdmissionTicket() {
  if (x_pair != nullptr) x_pair->remove(*this);
}

void AdmissionTicket::set_active(bool active) {
  x_state.active = active;
  if (active && x_pair != nullptr) x_pair->used();
}

AdmissionTable::AdmissionTable(io::Loop& loop, io::PodSockets& sockets,
                               telemetry::Counters& counters)
    : x_loop(loop), x_sockets(sockets), x_counters(counters) {}

AdmissionTable::~AdmissionTable() = default;

AdmissionAnswer AdmissionTable::ask(const std::shared_ptr<const io::PodNet>& client,
                                    const std::shared_ptr<const io::PodNet>& server,
                                    const SocketAddress& to, AdmissionUser& user) {
  const AdmissionKey key{client->netns_cookie, server->netns_cookie, to.port};
  auto& pair = x_pairs[key];
  if (!pair) pair = std::make_unique<AdmissionPair>(*this, key, client, to);
  AdmissionAnswer answer = pair->ask(user);
  if (!answer.ticket && !answer.admitted) {
    // Refused at once: a pair that nobody holds is not kept.
    const auto found = x_pairs.find(key);
    if (found != x_pairs.end() && found->second->unused()) x_pairs.erase(found);
  }
  return answer;
}

void AdmissionTable::probe_started(const ProbeTuple& tuple, AdmissionPair& pair) {
  x_counters.add(telemetry::Metric::kProbesSent);
  x_probing[tuple] = &pair;
}

void AdmissionTable::probe_arrived(const SocketAddress& from, const SocketAddress& to) {
  const auto found = x_probing.find({from, to});
  if (found != x_probing.end()) found->second->probe_arrived();
}

void AdmissionTable::drop(const AdmissionKey& key) {
  const auto found = x_pairs.find(key);
  if (found == x_pairs.end()) return;
  std::unique_ptr<AdmissionPair> pair = std::move(found->second);
  x_pairs.erase(found);
  pair->end();
  x_loop.bury(std::move(pair));
}

void AdmissionTable::forget_pod(std::uint64_t netns_cookie) {
  std::vector<AdmissionKey> gone;
  for (const auto& entry : x_pairs) {
    if (entry.first.client == netns_cookie || entry.first.server == netns_cookie)
      gone.push_back(entry.first);
  }
  for (const auto& key : gone) drop(key);
}

}  // namespace sm::upstream
