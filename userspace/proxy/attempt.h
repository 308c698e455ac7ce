// SPDX-License-Identifier: Apache-2.0
// Attempt: one try to get a request answered by one target: admission where the target asks for it,
// a pooled or new connection, the exchange. A pooled connection that turns out to be dead before
// anything came back is replaced once, when repeating is harmless: the request has no body under
// way and its method is idempotent (RFC 9110 section 9.2.2). Owned by a Stream or a Mirror, one
// thread. Destroying it gives the exchange up.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "proxy/target.h"
#include "upstream/admission.h"
#include "upstream/http_connection.h"

namespace sm::proxy {

class AttemptEvents {
 public:
  virtual void on_attempt_head(http::ResponseHead&& head) = 0;
  virtual void on_attempt_body(std::span<const std::uint8_t> data) = 0;
  virtual void on_attempt_end() = 0;
  virtual void on_attempt_failed(const upstream::Failure& failure) = 0;
  virtual void on_attempt_pause() = 0;    // flush what was gathered
  virtual void on_attempt_drained() = 0;  // backlog() fell below kRelayLowBytes

 protected:
  ~AttemptEvents() = default;
};

class Attempt final : public io::Mortal,
                      private upstream::ExchangeEvents,
                      private upstream::AdmissionUser {
 public:
  // `head` is what goes out and has to live as long as the attempt.
  Attempt(Core& core, std::shared_ptr<const io::PodNet> client, Target target,
          const http::RequestHead& head, AttemptEvents& events);
  ~Attempt() override;

  // May call the events at once.
  void start();
  void send_body(std::span<const std::uint8_t> data);
  void end_body();
  void flush();
  void pause_response(bool paused);
  // Request bytes not taken by the upstream yet, those that wait for a connection included.
  std::size_t backlog() const;

  // The server's side was reached: the network admitted us and the dial was made.
  bool reached_server() const { return x_reached; }
  const Target& target() const { return x_target; }
  // Our end of the connection in use; only while it is there.
  std::optional<SocketAddress> local_address() const;
  // After a 101.
  std::unique_ptr<io::Transport> take_transport(Buffer& already_read);

 private:
  void connect();
  void use(upstream::HttpConnection& connection);
  bool may_repeat() const;
  void fail(const upstream::Failure& failure);

  void on_response_head(http::ResponseHead&& head) override;
  void on_response_body(std::span<const std::uint8_t> data) override;
  void on_response_end() override;
  void on_exchange_failed(const upstream::Failure& failure) override;
  void on_response_pause() override;
  void on_request_drained() override;
  void on_admitted() override { connect(); }
  void on_not_admitted(const upstream::Failure& failure) override;
  void on_admission_lapsed() override;

  Core& x_core;
  std::shared_ptr<const io::PodNet> x_client;
  Target x_target;
  const http::RequestHead& x_head;
  AttemptEvents* x_events;                                 // null once the attempt is over
  std::unique_ptr<upstream::AdmissionTicket> x_admission;  // until the connection has it
  upstream::HttpConnection* x_connection = nullptr;        // borrowed from the pool
  std::optional<SocketAddress> x_local;
  Buffer x_waiting_body;  // arrived before there was a connection
  io::BufferShare x_share;
  bool x_body_ended = false;
  bool x_body_sent = false;
  bool x_repeated = false;
  bool x_reached = false;
};

}  // namespace sm::proxy
