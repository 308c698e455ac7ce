// SPDX-License-Identifier: Apache-2.0
#include "upstream/http_connection.h"

#include <sys/socket.h>

#include <utility>

#include "base/limits.h"
#include "http/h1_encoder.h"

namespace sm::upstream {

HttpConnection::HttpConnection(io::Loop& loop, HttpConnectionOwner& owner, Opened opened,
                               const DialPlan& plan)
    : x_owner(owner),
      x_transport(
          std::make_unique<io::TcpTransport>(std::move(opened.fd), std::move(opened.share))),
      x_watch(loop, x_transport->fd(), *this),
      x_share(plan.use != nullptr ? plan.use->buffers() : io::BufferShare()),
      x_decoder(*this),
      x_local(io::local_address(x_transport->fd())),
      x_connect_limit(loop.timers(), *this, kConnectLimit),
      x_idle_limit(loop.timers(), *this, kIdleLimit),
      x_state(opened.connected ? State::kIdle : State::kConnecting) {
  if (x_state == State::kConnecting) x_connect_limit.arm(plan.timeout);
  update_interest();
}

HttpConnection::~HttpConnection() = default;

void HttpConnection::hold_admission(std::unique_ptr<AdmissionTicket> ticket) {
  x_admission = std::move(ticket);
  x_admission->state().user = this;
}

void HttpConnection::begin(const http::RequestHead& head, ExchangeEvents& events) {
  SM_ASSERT(x_events == nullptr && x_state != State::kDead);
  ++x_exchanges;
  x_events = &events;
  if (x_state == State::kIdle) x_state = State::kBusy;
  x_idle_limit.cancel();
  if (x_admission) x_admission->set_active(true);
  x_request_done = head.body == http::BodyKind::kNone;
  x_chunked_body = head.body == http::BodyKind::kChunked;
  x_response_done = x_response_started = x_paused = x_upgraded = false;
  x_keep_alive = true;
  x_decoder.expect(head.method, head.upgrade_websocket);
  http::encode_request_head(head, x_out.pending());
  update_interest();
}

void HttpConnection::send_body(std::span<const std::uint8_t> data) {
  if (x_state == State::kDead || data.empty()) return;
  if (x_chunked_body) http::encode_chunk_begin(data.size(), x_out.pending());
  if (x_state == State::kConnecting) {
    x_out.pending().append(data);
  } else {
    // A dead upstream is noticed when its (missing) response is read: it may have answered before
    // it closed.
    x_out.send(*x_transport, data);
  }
  if (x_chunked_body) http::encode_chunk_end(x_out.pending());
}

void HttpConnection::end_body() {
  if (x_state == State::kDead) return;
  if (x_chunked_body) http::encode_last_chunk(x_out.pending());
  x_request_done = true;
  complete_if_over();
}

void HttpConnection::flush() {
  if (x_state == State::kDead || x_state == State::kConnecting) return;
  flush_out();
  update_interest();
}

// Whoever was told to wait with the body goes on, however the backlog went: it may never have been
// here, but with the attempt that waited for this connection. Told more often than needed, because
// being told twice is harmless and never is a hang.
void HttpConnection::flush_out() {
  x_out.flush(*x_transport);
  if (x_events != nullptr && x_out.size() <= x_share.low_bytes()) x_events->on_request_drained();
}

void HttpConnection::pause_reading(bool paused) {
  if (x_state == State::kDead || paused == x_paused) return;
  x_paused = paused;
  update_interest();
  // What was read before the pause may hold undelivered bytes.
  if (!paused && !x_in.empty()) read_response();
}

void HttpConnection::abandon() {
  x_events = nullptr;
  if (x_state != State::kDead && x_state != State::kIdle) die();
}

void HttpConnection::close_now() {
  if (x_state != State::kDead) fail({FailureKind::kTerminated, "closed by the proxy"});
}

std::unique_ptr<io::Transport> HttpConnection::take_transport(Buffer& already_read) {
  already_read = std::move(x_in);
  x_watch.want(false, false);
  x_watch.detach();
  auto transport = std::move(x_transport);
  x_events = nullptr;
  die();
  return transport;
}

bool HttpConnection::looks_alive() const {
  char byte = 0;
  const ssize_t got = ::recv(x_transport->fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void HttpConnection::on_ready(bool readable, bool writable) {
  if (x_state == State::kConnecting && !finish_connecting()) return;
  if (writable && x_out.has_backlog()) flush_out();
  if (readable && x_state != State::kDead) read_response();
  if (x_state != State::kDead) update_interest();
}

bool HttpConnection::finish_connecting() {
  if (const int error_number = io::take_socket_error(x_transport->fd()); error_number != 0) {
    fail(connect_failure(error_number));
    return false;
  }
  x_connect_limit.cancel();
  x_local = io::local_address(x_transport->fd());
  x_state = x_events != nullptr ? State::kBusy : State::kIdle;
  flush_out();
  return true;
}

void HttpConnection::on_timer(int tag) {
  if (tag == kConnectLimit) {
    fail({FailureKind::kConnectTimeout, "connect timed out"});
  } else {
    die();
  }
}

void HttpConnection::on_admission_lapsed() {
  fail({FailureKind::kTerminated, "the network no longer admits this pair of pods"});
}

void HttpConnection::read_response() {
  if (x_state == State::kIdle) {
    // Closed by the upstream, or bytes that nobody asked for: either way it is not used again.
    die();
    return;
  }
  read_more();
  // While it waits for more it keeps no memory for it.
  x_in.release_if_empty();
}

void HttpConnection::read_more() {
  if (!x_in.empty() && !feed()) return;
  for (int reads = 0; reads < kReadsPerEvent && x_state == State::kBusy && !x_paused && !x_upgraded;
       ++reads) {
    const auto room = x_in.prepare(x_share.read_bytes()).first(x_share.read_bytes());
    const io::IoResult result = x_transport->read(room);
    if (result.status == io::IoStatus::kAgain) break;
    if (result.status != io::IoStatus::kDone) {
      if (result.status == io::IoStatus::kEof && x_decoder.finish()) {
        x_keep_alive = false;
        complete_if_over();
      } else {
        fail({FailureKind::kTerminated, "the upstream closed before its response was whole"});
      }
      return;
    }
    x_in.commit(result.bytes);
    const bool was_full = result.bytes == room.size();
    if (!feed() || !was_full) break;
  }
  if (x_state == State::kBusy && x_events != nullptr) x_events->on_response_pause();
}

// Decodes what was read. False: the exchange is over or the connection has died.
bool HttpConnection::feed() {
  while (!x_in.empty() && !x_response_done && !x_paused && !x_upgraded && x_state == State::kBusy) {
    const auto result = x_decoder.feed(x_in.bytes());
    if (x_state != State::kBusy) return false;
    x_in.consume(result.consumed);
    if (result.error) {
      fail({FailureKind::kProtocol, result.error->details});
      return false;
    }
    if (x_upgrade_head && x_events != nullptr) {
      x_events->on_response_head(std::exchange(x_upgrade_head, std::nullopt).value());
      return false;
    }
    if (result.consumed == 0) break;
  }
  if (x_response_done) {
    complete_if_over();
    return false;
  }
  return true;
}

void HttpConnection::on_response_head(http::ResponseHead&& head) {
  if (x_events == nullptr) return;
  const bool interim = head.status < 200 && head.status != 101;
  if (!interim) {
    x_response_started = true;
    x_keep_alive = head.keep_alive;
    x_upgraded = head.upgrade;
  }
  if (x_upgraded) {
    // Whoever takes the connection over gets what lies behind this head, so the head has to be
    // consumed first: see feed().
    x_upgrade_head = std::move(head);
    x_decoder.pause();
    return;
  }
  x_events->on_response_head(std::move(head));
}

void HttpConnection::on_response_body(std::span<const std::uint8_t> data) {
  if (x_events != nullptr) x_events->on_response_body(data);
  if (x_paused) x_decoder.pause();
}

void HttpConnection::on_response_end() {
  if (!x_upgraded) x_response_done = true;
}

// The exchange ends when the response is whole. With the request unfinished (an early answer) or a
// close asked for, the connection cannot carry another one.
void HttpConnection::complete_if_over() {
  if (!x_response_done && !x_decoder.message_complete()) return;
  if (x_upgraded || x_state != State::kBusy) return;
  x_response_done = true;
  ExchangeEvents* events = std::exchange(x_events, nullptr);
  const bool reusable = x_request_done && x_keep_alive && x_in.empty() && x_out.size() == 0 &&
                        x_out.error_number() == 0;
  if (reusable) {
    x_state = State::kIdle;
    if (x_admission) x_admission->set_active(false);
    x_idle_limit.arm(kPoolIdleTimeout);
    update_interest();
    x_owner.on_idle(*this);
  } else {
    die();
  }
  if (events != nullptr) events->on_response_end();
}

void HttpConnection::fail(const Failure& failure) {
  if (x_state == State::kDead) return;
  ExchangeEvents* events = std::exchange(x_events, nullptr);
  die();
  if (events != nullptr) events->on_exchange_failed(failure);
}

void HttpConnection::die() {
  if (x_state == State::kDead) return;
  x_state = State::kDead;
  x_connect_limit.cancel();
  x_idle_limit.cancel();
  x_admission.reset();
  if (x_transport) x_watch.want(false, false);
  x_owner.on_dead(*this);  // buries this
}

void HttpConnection::update_interest() {
  if (x_state == State::kDead || !x_transport) return;
  x_share.hold(x_in.capacity() + x_out.capacity());
  const bool connecting = x_state == State::kConnecting;
  x_watch.want(!connecting && !x_paused, connecting || x_out.has_backlog());
}

}  // namespace sm::upstream
