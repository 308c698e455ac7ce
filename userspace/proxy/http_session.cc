// SPDX-License-Identifier: Apache-2.0
#include "proxy/http_session.h"

#include <utility>

#include "base/limits.h"
#include "http/h1_encoder.h"
#include "http/local_reply.h"
#include "proxy/request_rules.h"

namespace sm::proxy {

using telemetry::Flag;

HttpSession::HttpSession(Core& core, ConnectionFacts facts,
                         std::unique_ptr<io::Transport> downstream, Buffer already_read,
                         bool fixed_destination)
    : Session(facts),
      x_core(core),
      x_transport(std::move(downstream)),
      x_in(std::move(already_read)),
      x_share(facts.pod->use.buffers()),
      x_decoder(static_cast<http::RequestEvents&>(*this)),
      x_idle(core.loop().timers(), *this, kIdleLimit),
      x_linger(core.loop().timers(), *this, kLingerLimit),
      x_fixed_destination(fixed_destination) {
  io::WatchEvents& events = *this;
  x_watch = std::make_unique<io::Watch>(core.loop(), x_transport->fd(), events);
}

HttpSession::~HttpSession() = default;

void HttpSession::start() {
  x_idle.arm(kIdleTimeout);
  process();
  // The request is usually there already; asking first saves a wait.
  if (x_state == State::kOpen && x_in.empty()) read_requests();
  update_interest();
}

void HttpSession::on_ready(bool readable, bool writable) {
  if (writable) flush_response();
  if (readable && x_state != State::kOver) read_requests();
  update_interest();
}

void HttpSession::read_requests() {
  read_more();
  // While it waits for more it keeps no memory for it.
  x_in.release_if_empty();
}

void HttpSession::read_more() {
  for (int reads = 0; reads < kReadsPerEvent; ++reads) {
    if (x_state == State::kLingering) x_in.clear();
    if (x_in.size() >= x_share.read_bytes()) return;
    const auto room = x_in.prepare(x_share.read_bytes()).first(x_share.read_bytes());
    const io::IoResult result = x_transport->read(room);
    if (result.status == io::IoStatus::kAgain) return;
    if (result.status != io::IoStatus::kDone) {
      downstream_ended(Flag::kDownstreamTerminated, "downstream_remote_disconnect");
      return;
    }
    x_in.commit(result.bytes);
    const bool was_full = result.bytes == room.size();
    process();
    if (!was_full || x_state == State::kOver || x_state == State::kTunnel || x_request_paused)
      return;
  }
}

// Decodes what is in the buffer, request after request. Streams that end at once (local replies) do
// so inside this loop.
void HttpSession::process() {
  if (x_processing) return;
  x_processing = true;
  while (x_state == State::kOpen && !x_in.empty() && !x_request_paused) {
    if (x_stream && x_stream->request_complete()) break;
    if (!x_stream && x_decoder.message_complete()) x_decoder.next_message();
    const auto result = x_decoder.feed(x_in.bytes());
    if (x_state == State::kTunnel || x_state == State::kOver) break;
    x_in.consume(result.consumed);
    if (result.error) {
      refuse(*result.error);
      break;
    }
    if (result.consumed == 0) break;
  }
  x_processing = false;
  if (x_stream) x_stream->flush_request();
  if (x_state != State::kTunnel && x_state != State::kOver) flush_response();
}

// Bytes that are no request: answered outside of any stream, unless one is under way.
void HttpSession::refuse(const http::ProtocolError& error) {
  if (x_stream) {
    x_request_unread = true;
    x_stream->protocol_error(error);
    return;
  }
  http::RequestHead nothing;
  nothing.keep_alive = false;
  x_request_unread = true;
  x_stream = std::make_unique<Stream>(x_core, static_cast<StreamHost&>(*this), facts(), nullptr,
                                      std::move(nothing));
  x_stream->protocol_error(error);
}

const plan::RouteTable* HttpSession::routes() const {
  if (x_fixed_destination) return nullptr;
  const auto& plan = *x_core.plan();
  const plan::LocalPod* pod = plan.pod(facts().pod->net->key);
  if (pod == nullptr) return nullptr;
  if (facts().side == Side::kGateway) {
    const auto found = pod->gateway_ports.find(facts().local.port);
    return found == pod->gateway_ports.end() ? nullptr : &found->second;
  }
  if (facts().side == Side::kInbound || pod->outbound == nullptr) return nullptr;
  return plan::choose_outbound(plan, *pod->outbound, facts().local).routes;
}

void HttpSession::on_request_head(http::RequestHead&& head) {
  x_idle.cancel();
  x_request_unread = head.body != http::BodyKind::kNone;
  x_stream = std::make_unique<Stream>(x_core, static_cast<StreamHost&>(*this), facts(), routes(),
                                      std::move(head));
  x_stream->start();
}

void HttpSession::on_request_body(std::span<const std::uint8_t> data) {
  if (x_stream) x_stream->request_body(data);
  if (x_request_paused) x_decoder.pause();
}

void HttpSession::on_request_end() {
  x_request_unread = false;
  if (x_stream) x_stream->request_end();
}

void HttpSession::send_response_head(const http::ResponseHead& head, bool close) {
  http::encode_response_head(head, close, x_out.pending());
}

void HttpSession::send_interim_head(const http::ResponseHead& head) {
  http::encode_response_head(head, false, x_out.pending());
  x_out.flush(*x_transport);
}

void HttpSession::send_response_body(std::span<const std::uint8_t> data, bool chunked) {
  if (data.empty()) return;
  if (chunked) http::encode_chunk_begin(data.size(), x_out.pending());
  x_out.send(*x_transport, data);
  if (chunked) http::encode_chunk_end(x_out.pending());
}

void HttpSession::send_response_end(bool chunked) {
  if (chunked) http::encode_last_chunk(x_out.pending());
}

void HttpSession::flush_response() {
  if (x_state == State::kOver || x_state == State::kTunnel) return;
  if (!x_out.flush(*x_transport)) {
    downstream_ended(Flag::kDownstreamTerminated, "downstream_remote_disconnect");
    return;
  }
  // Told more often than needed: the mark moves with what the whole pod holds.
  if (x_out.size() <= x_share.low_bytes() && x_stream) x_stream->response_drained();
  if (x_state == State::kLastReply && x_out.size() == 0 && !x_stream) finish_writing();
  if (x_state != State::kOver) update_interest();
}

void HttpSession::pause_request(bool paused) {
  if (x_request_paused == paused) return;
  x_request_paused = paused;
  if (!paused) process();
  update_interest();
}

void HttpSession::stream_over(bool reusable) {
  x_core.loop().bury(std::move(x_stream));
  x_request_paused = false;
  if (!reusable || x_request_unread) {
    x_state = State::kLastReply;
    flush_response();
    return;
  }
  x_idle.arm(kIdleTimeout);
  if (!x_processing) process();
}

void HttpSession::stream_broken() {
  if (x_stream) x_core.loop().bury(std::move(x_stream));
  // What was sent so far is a prefix of the response; the connection ends without the mark of its
  // end.
  x_out.flush(*x_transport);
  end(x_out.size() != 0);
}

void HttpSession::upgrade(std::unique_ptr<io::Transport> upstream, Buffer from_upstream) {
  x_state = State::kTunnel;
  x_watch->detach();
  // The 101 itself goes before anything of the new protocol.
  Buffer to_client;
  to_client.append(x_out.pending().bytes());
  x_out = {};
  to_client.append(from_upstream.bytes());
  RelayEvents& events = *this;
  x_relay =
      std::make_unique<Relay>(x_core.loop(), std::move(x_transport), std::move(upstream),
                              std::move(x_in), std::move(to_client), std::move(x_share), events);
  x_relay->start();
}

void HttpSession::on_relay_end(RelayEnd /*end*/) {
  if (x_stream)
    x_stream->tunnel_over(x_relay->bytes_from_downstream(), x_relay->bytes_from_upstream());
  x_state = State::kOver;
  x_core.sessions().over(*this);
}

void HttpSession::downstream_ended(Flag flag, std::string_view details) {
  if (x_stream) {
    x_stream->downstream_gone(flag, details);
    x_core.loop().bury(std::move(x_stream));
  }
  end(false);
}

// The last answer is written. A client that is still sending would get a reset for it, and might
// lose the answer: so our direction ends first, and what comes is thrown away for a while (RFC 9112
// section 9.6).
void HttpSession::finish_writing() {
  if (x_request_unread) {
    linger();
  } else {
    end(false);
  }
}

void HttpSession::linger() {
  x_state = State::kLingering;
  x_transport->shutdown_write();
  x_linger.arm(kDelayedClose);
  update_interest();
}

void HttpSession::on_timer(int /*tag*/) { end(false); }

void HttpSession::abort() {
  if (x_stream) {
    x_stream->downstream_gone(Flag::kLocalReset, "local_close");
    x_core.loop().bury(std::move(x_stream));
  }
  if (x_relay) x_relay->reset_both();
  end(true);
}

void HttpSession::plan_changed() {
  if (x_state == State::kTunnel && x_stream && !x_stream->still_served(*x_core.plan())) abort();
}

void HttpSession::drain() {
  if (x_state == State::kOpen && !x_stream && x_in.empty() && !x_decoder.in_message()) end(false);
}

void HttpSession::end(bool reset) {
  if (x_state == State::kOver) return;
  x_state = State::kOver;
  x_idle.cancel();
  x_linger.cancel();
  x_watch->detach();
  if (reset && x_transport) x_transport->reset_on_close();
  x_core.sessions().over(*this);
}

void HttpSession::update_interest() {
  if (x_state == State::kOver || x_state == State::kTunnel) return;
  const bool wants_more =
      x_state != State::kLastReply && !x_request_paused && x_in.size() < x_share.read_bytes();
  x_share.hold(x_in.capacity() + x_out.capacity());
  x_watch->want(wants_more, x_out.has_backlog());
}

}  // namespace sm::proxy
