// SPDX-License-Identifier: Apache-2.0
// HttpSession: a downstream connection that speaks HTTP/1.1. Reads and decodes requests, one Stream
// at a time (pipelined ones wait in the buffer), writes responses, and becomes a Relay after a 101.
// One thread.
//
// Sending never ends anything: a write that fails is noticed at the next flush, so that no stream
// is torn down while it is on the call stack.
#pragma once

#include <memory>
#include <optional>

#include "http/h1_decoder.h"
#include "io/outbox.h"
#include "io/timer.h"
#include "io/watch.h"
#include "proxy/core.h"
#include "proxy/relay.h"
#include "proxy/session.h"
#include "proxy/stream.h"

namespace sm::proxy {

class HttpSession final : public Session,
                          private StreamHost,
                          private RelayEvents,
                          private io::WatchEvents,
                          private io::TimerEvents,
                          private http::RequestEvents {
 public:
  // `port` selects the route table in the plan of each request: an outbound or gateway port.
  // `fixed_destination`: requests go to the original destination, whatever their Host says (an L4
  // destination on this node whose port speaks HTTP).
  HttpSession(Core& core, ConnectionFacts facts, std::unique_ptr<io::Transport> downstream,
              Buffer already_read, bool fixed_destination);
  ~HttpSession() override;

  void start();
  void abort() override;
  void drain() override;
  void plan_changed() override;

 private:
  enum class State : std::uint8_t {
    kOpen,       // requests are welcome
    kLastReply,  // no further request; closes when what was written is gone
    kLingering,  // our direction is ended; what the client still sends is thrown away for
                 // kDelayedClose
    kTunnel,     // after a 101
    kOver,
  };
  enum Tag : int { kIdleLimit, kLingerLimit };

  void on_ready(bool readable, bool writable) override;
  void on_timer(int tag) override;
  void on_request_head(http::RequestHead&& head) override;
  void on_request_body(std::span<const std::uint8_t> data) override;
  void on_request_end() override;

  void send_response_head(const http::ResponseHead& head, bool close) override;
  void send_interim_head(const http::ResponseHead& head) override;
  void send_response_body(std::span<const std::uint8_t> data, bool chunked) override;
  void send_response_end(bool chunked) override;
  void flush_response() override;
  std::size_t response_backlog() const override { return x_out.size(); }
  void pause_request(bool paused) override;
  void stream_over(bool reusable) override;
  void stream_broken() override;
  void upgrade(std::unique_ptr<io::Transport> upstream, Buffer from_upstream) override;
  void on_relay_end(RelayEnd end) override;

  void read_requests();
  void read_more();
  void process();
  void refuse(const http::ProtocolError& error);
  const plan::RouteTable* routes() const;
  void downstream_ended(telemetry::Flag flag, std::string_view details);
  void finish_writing();
  void linger();
  void end(bool reset);
  void update_interest();

  Core& x_core;
  std::unique_ptr<io::Transport> x_transport;
  std::unique_ptr<io::Watch> x_watch;
  io::Outbox x_out;
  Buffer x_in;
  io::BufferShare x_share;
  http::RequestDecoder x_decoder;
  std::unique_ptr<Stream> x_stream;
  std::unique_ptr<Relay> x_relay;
  io::Timer x_idle;
  io::Timer x_linger;
  State x_state = State::kOpen;
  bool x_fixed_destination;
  bool x_request_unread = false;  // the last request was answered before it was whole
  bool x_request_paused = false;
  bool x_processing = false;
};

}  // namespace sm::proxy
