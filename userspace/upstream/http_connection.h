// SPDX-License-Identifier: Apache-2.0
// HttpConnection: one HTTP/1.1 connection to an upstream, from connecting to its end, one exchange
// at a time. Owned by the HttpPool of one worker; an Attempt borrows it for an exchange. One
// thread.
//
//   Connecting --> Idle <--> Busy --> Dead        (Connecting may carry an exchange already: its
//   bytes wait)
//
// Only this class decides that the connection is dead, and only the pool destroys it (through the
// graveyard).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "http/h1_decoder.h"
#include "http/message.h"
#include "io/loop.h"
#include "io/outbox.h"
#include "io/timer.h"
#include "io/transport.h"
#include "io/watch.h"
#include "upstream/admission.h"
#include "upstream/dial.h"
#include "upstream/failure.h"

namespace sm::upstream {

// The borrower's side of an exchange. Exactly one of on_response_end and on_exchange_failed ends it
// (or the borrower's own abandon()); after it nothing more is called.
class ExchangeEvents {
 public:
  virtual void on_response_head(http::ResponseHead&& head) = 0;
  virtual void on_response_body(std::span<const std::uint8_t> data) = 0;
  virtual void on_response_end() = 0;
  virtual void on_exchange_failed(const Failure& failure) = 0;
  // Everything that one read brought has been delivered: a moment to flush what was gathered.
  virtual void on_response_pause() = 0;
  // The request's backlog fell below kRelayLowBytes.
  virtual void on_request_drained() = 0;

 protected:
  ~ExchangeEvents() = default;
};

class HttpConnection;
// The pool's side: the connection tells when it can be reused and when it has died.
class HttpConnectionOwner {
 public:
  virtual void on_idle(HttpConnection& connection) = 0;
  virtual void on_dead(HttpConnection& connection) = 0;

 protected:
  ~HttpConnectionOwner() = default;
};

class HttpConnection final : public io::Mortal,
                             private io::WatchEvents,
                             private io::TimerEvents,
                             private http::ResponseEvents,
                             private AdmissionUser {
 public:
  // `plan` is what it was opened by.
  HttpConnection(io::Loop& loop, HttpConnectionOwner& owner, Opened opened, const DialPlan& plan);
  ~HttpConnection() override;

  // Lives by this admission from now on: closes when it lapses.
  void hold_admission(std::unique_ptr<AdmissionTicket> ticket);

  // Starts an exchange: encodes the head. Body bytes follow with send_body; `flush` sends what was
  // gathered. Requires: no exchange is under way.
  void begin(const http::RequestHead& head, ExchangeEvents& events);
  void send_body(std::span<const std::uint8_t> data);
  void end_body();
  void flush();
  // Bytes of the request that the upstream has not taken.
  std::size_t backlog() const { return x_out.size(); }
  void pause_reading(bool paused);
  // The borrower has no more interest: the connection closes, unless the exchange was complete
  // already.
  void abandon();

  // After a 101: gives away the socket and what was read behind the head; this connection is dead
  // then.
  std::unique_ptr<io::Transport> take_transport(Buffer& already_read);

  bool connected() const { return x_state != State::kConnecting; }
  bool reused() const { return x_exchanges > 1; }
  bool dead() const { return x_state == State::kDead; }
  // Nothing is waiting to be read on an idle connection: it is still good, as far as anyone can
  // know.
  bool looks_alive() const;
  bool response_started() const { return x_response_started; }
  std::uint64_t bytes_sent() const { return x_out.sent_bytes(); }
  const SocketAddress& local() const { return x_local; }
  void close_now();

 private:
  enum class State : std::uint8_t { kConnecting, kIdle, kBusy, kDead };
  enum Tag : int { kConnectLimit, kIdleLimit };

  void on_ready(bool readable, bool writable) override;
  void on_timer(int tag) override;
  void on_response_head(http::ResponseHead&& head) override;
  void on_response_body(std::span<const std::uint8_t> data) override;
  void on_response_end() override;
  void on_admitted() override {}
  void on_not_admitted(const Failure&) override {}
  void on_admission_lapsed() override;

  bool finish_connecting();
  void flush_out();
  void read_response();
  void read_more();
  bool feed();
  void complete_if_over();
  void fail(const Failure& failure);
  void die();
  void update_interest();

  HttpConnectionOwner& x_owner;
  std::unique_ptr<io::TcpTransport> x_transport;
  io::Watch x_watch;
  io::Outbox x_out;
  Buffer x_in;
  io::BufferShare x_share;
  http::ResponseDecoder x_decoder;
  SocketAddress x_local;
  std::unique_ptr<AdmissionTicket> x_admission;
  io::Timer x_connect_limit;
  io::Timer x_idle_limit;
  ExchangeEvents* x_events = nullptr;
  State x_state;
  std::uint32_t x_exchanges = 0;
  bool x_chunked_body = false;
  bool x_request_done = false;
  bool x_response_done = false;
  bool x_response_started = false;
  bool x_keep_alive = true;
  bool x_paused = false;
  bool x_upgraded = false;
  std::optional<http::ResponseHead>
      x_upgrade_head;  // of a 101, between its decoding and its delivery
};

}  // namespace sm::upstream
