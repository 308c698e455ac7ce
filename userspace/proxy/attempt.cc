// SPDX-License-Identifier: Apache-2.0
#include "proxy/attempt.h"

#include <array>
#include <utility>

#include "base/limits.h"
#include "proxy/core.h"

namespace sm::proxy {

using upstream::Failure;
using upstream::FailureKind;

namespace {
bool idempotent(std::string_view method) {
  static constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD",   "OPTIONS",
                                                               "PUT", "DELETE", "TRACE"};
  for (const auto one : kMethods) {
    if (one == method) return true;
  }
  return false;
}
}  // namespace

Attempt::Attempt(Core& core, std::shared_ptr<const io::PodNet> client, Target target,
                 const http::RequestHead& head, AttemptEvents& events)
    : x_core(core),
      x_client(std::move(client)),
      x_target(std::move(target)),
      x_head(head),
      x_events(&events),
      x_share(x_target.dial.use->buffers()) {}

Attempt::~Attempt() {
  if (x_connection != nullptr) x_connection->abandon();
}

void Attempt::start() {
  // A connection in the pool carries its admission with it.
  if (auto* idle = x_core.pool().take_idle(x_target.key)) {
    if ((idempotent(x_head.method) && x_head.body == http::BodyKind::kNone) || idle->looks_alive())
      return use(*idle);
    idle->close_now();
  }
  if (!x_target.admission_server) return connect();
  auto answer =
      x_core.admissions().ask(x_client, x_target.admission_server, x_target.dial.to, *this);
  x_admission = std::move(answer.ticket);
  if (!x_admission) return fail(answer.failure);
  if (answer.admitted) connect();
}

void Attempt::connect() {
  x_reached = true;
  auto result = upstream::open_and_connect(x_core.sockets(), x_target.dial);
  if (!result.opened) {
    if (result.failure.kind == FailureKind::kLocalLimit)
      x_core.counters().add(telemetry::Metric::kPodDialsRefused);
    return fail(result.failure);
  }
  x_core.counters().add(telemetry::Metric::kUpstreamOpened);
  auto& connection = x_core.pool().add(x_target.key, std::move(*result.opened), x_target.dial);
  if (x_admission) connection.hold_admission(std::move(x_admission));
  use(connection);
}

void Attempt::use(upstream::HttpConnection& connection) {
  x_reached = true;
  x_connection = &connection;
  x_local = connection.local();
  upstream::ExchangeEvents& events = *this;
  connection.begin(x_head, events);
  if (!x_waiting_body.empty()) {
    x_body_sent = true;
    connection.send_body(x_waiting_body.bytes());
    x_waiting_body.clear();
    x_waiting_body.release_if_empty();
    x_share.hold(0);
  }
  if (x_body_ended) connection.end_body();
  if (x_connection != nullptr) connection.flush();
}

void Attempt::send_body(std::span<const std::uint8_t> data) {
  if (x_connection == nullptr) {
    x_waiting_body.append(data);
    x_share.hold(x_waiting_body.capacity());
  } else {
    x_body_sent = true;
    x_connection->send_body(data);
  }
}

void Attempt::end_body() {
  x_body_ended = true;
  if (x_connection != nullptr) x_connection->end_body();
}

void Attempt::flush() {
  if (x_connection != nullptr) x_connection->flush();
}

void Attempt::pause_response(bool paused) {
  if (x_connection != nullptr) x_connection->pause_reading(paused);
}

std::size_t Attempt::backlog() const {
  return x_connection != nullptr ? x_connection->backlog() : x_waiting_body.size();
}

std::optional<SocketAddress> Attempt::local_address() const { return x_local; }

std::unique_ptr<io::Transport> Attempt::take_transport(Buffer& already_read) {
  return std::exchange(x_connection, nullptr)->take_transport(already_read);
}

bool Attempt::may_repeat() const {
  return !x_repeated && x_connection->reused() && !x_connection->response_started() &&
         !x_body_sent && x_head.body == http::BodyKind::kNone && idempotent(x_head.method);
}

void Attempt::on_exchange_failed(const Failure& failure) {
  const bool repeat = failure.kind == FailureKind::kTerminated && may_repeat();
  x_connection = nullptr;
  if (!repeat) return fail(failure);
  x_repeated = true;
  start();
}

void Attempt::fail(const Failure& failure) {
  if (x_events == nullptr) return;
  x_core.counters().add(telemetry::Metric::kUpstreamFailed);
  std::exchange(x_events, nullptr)->on_attempt_failed(failure);
}

void Attempt::on_response_head(http::ResponseHead&& head) {
  x_local = x_connection->local();
  x_events->on_attempt_head(std::move(head));
}

void Attempt::on_response_body(std::span<const std::uint8_t> data) {
  x_events->on_attempt_body(data);
}

void Attempt::on_response_end() {
  x_connection = nullptr;
  std::exchange(x_events, nullptr)->on_attempt_end();
}

void Attempt::on_response_pause() { x_events->on_attempt_pause(); }

void Attempt::on_request_drained() { x_events->on_attempt_drained(); }

void Attempt::on_not_admitted(const Failure& failure) {
  x_admission.reset();
  fail(failure);
}

// Between the admission and the dial there is no pause, so this can only meet an attempt that still
// waits.
void Attempt::on_admission_lapsed() {
  fail({FailureKind::kRemoteConnect, "the network no longer admits this pair of pods"});
}

}  // namespace sm::proxy
