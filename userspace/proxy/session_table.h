// SPDX-License-Identifier: Apache-2.0
// SessionTable: owns the sessions of one worker, and is the one place where they die. One thread.
#pragma once

#include <memory>
#include <unordered_map>

#include "proxy/session.h"

namespace sm::proxy {

class SessionTableEvents {
 public:
  virtual void on_sessions_empty() = 0;

 protected:
  ~SessionTableEvents() = default;
};

class SessionTable {
 public:
  explicit SessionTable(io::Loop& loop) : x_loop(loop) {}

  void add(std::unique_ptr<Session> session);
  // Called by a session when it is over; it is destroyed after the callback stack has unwound.
  void over(Session& session);
  void abort_all();
  void abort_of(const PodState& pod);
  void drain_all();
  void plan_changed();
  // Tells `events` once when the table becomes empty (at once when it is).
  void when_empty(SessionTableEvents& events);
  std::size_t size() const { return x_sessions.size(); }

 private:
  template <class Wanted>
  void each(Wanted wanted, void (Session::*what)());

  io::Loop& x_loop;
  std::unordered_map<Session*, std::unique_ptr<Session>> x_sessions;
  SessionTableEvents* x_when_empty = nullptr;
};

}  // namespace sm::proxy
