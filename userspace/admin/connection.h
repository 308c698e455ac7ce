// SPDX-License-Identifier: Apache-2.0
// Connection: one client of the admin socket. Requests are answered one after another, in order;
// the next is looked at when the answer before it has been taken by the client, so a client that
// does not read costs one answer of memory. Owned by AdminServer, control thread; it reports its
// end to ConnectionEvents and is buried by its owner.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "admin/views.h"
#include "base/buffer.h"
#include "base/fd.h"
#include "io/loop.h"
#include "io/watch.h"

namespace sm::admin {

class ConnectionEvents {
 public:
  // The client is done or gone: take the connection out and bury it.
  virtual void on_connection_end(std::uint64_t id) = 0;

 protected:
  ~ConnectionEvents() = default;
};

class Connection final : public io::Mortal, private io::WatchEvents {
 public:
  // `fd`: connected, non-blocking. `id` is what on_connection_end() says.
  Connection(io::Loop& loop, UniqueFd fd, std::uint64_t id, Views& views, ConnectionEvents& events);

 private:
  void on_ready(bool readable, bool writable) override;
  void read_some();
  void take_requests();
  void take_one(std::string_view line);
  void finish(std::uint64_t request, const Result<Json>& outcome);
  void refuse_long_request();
  void flush();
  void end();
  void renew_interest();
  bool peer_is_gone() const;

  const std::uint64_t x_id;
  Views& x_views;
  ConnectionEvents& x_events;
  // Replies that come later hold it weakly, so that they find out whether the connection is still
  // there.
  std::shared_ptr<Connection* const> x_anchor;
  Buffer x_in;
  Buffer x_out;
  std::uint64_t x_request = 0;  // counts requests; a reply names the one it is for
  bool x_pending = false;       // a request waits for its view
  bool x_taking = false;        // take_requests() is on the stack
  bool x_input_ended = false;
  bool x_close_when_flushed = false;
  bool x_ended = false;
  UniqueFd x_fd;
  io::Watch x_watch;  // after x_fd: it goes first
};

}  // namespace sm::admin
