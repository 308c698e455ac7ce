// SPDX-License-Identifier: Apache-2.0
#include "proxy/session_table.h"

#include <utility>
#include <vector>

namespace sm::proxy {

void SessionTable::add(std::unique_ptr<Session> session) {
  ++session->facts().pod->sessions;
  Session* key = session.get();
  x_sessions.emplace(key, std::move(session));
}

void SessionTable::over(Session& session) {
  const auto found = x_sessions.find(&session);
  if (found == x_sessions.end()) return;
  --session.facts().pod->sessions;
  x_loop.bury(std::move(found->second));
  x_sessions.erase(found);
  if (x_sessions.empty() && x_when_empty != nullptr)
    std::exchange(x_when_empty, nullptr)->on_sessions_empty();
}

// A session's end may end others (a relay's twin, a pool's waiter), so each is looked up again
// before its turn.
template <class Wanted>
void SessionTable::each(Wanted wanted, void (Session::*what)()) {
  std::vector<Session*> chosen;
  for (const auto& entry : x_sessions) {
    if (wanted(*entry.second)) chosen.push_back(entry.first);
  }
  for (Session* session : chosen) {
    if (x_sessions.count(session) != 0) (session->*what)();
  }
}

void SessionTable::abort_all() {
  each([](const Session&) { return true; }, &Session::abort);
}

void SessionTable::abort_of(const PodState& pod) {
  each([&pod](const Session& session) { return session.facts().pod == &pod; }, &Session::abort);
}

void SessionTable::drain_all() {
  each([](const Session&) { return true; }, &Session::drain);
}

void SessionTable::plan_changed() {
  each([](const Session&) { return true; }, &Session::plan_changed);
}

void SessionTable::when_empty(SessionTableEvents& events) {
  if (x_sessions.empty()) {
    events.on_sessions_empty();
  } else {
    x_when_empty = &events;
  }
}

}  // namespace sm::proxy
