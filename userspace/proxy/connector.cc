// SPDX-License-Identifier: Apache-2.0
#include "proxy/connector.h"

#include "io/transport.h"
#include "proxy/core.h"

namespace sm::proxy {

using upstream::FailureKind;

Connector::Connector(Core& core, std::shared_ptr<const io::PodNet> client, Target target,
                     ConnectorEvents& events)
    : x_core(core),
      x_client(std::move(client)),
      x_target(std::move(target)),
      x_events(events),
      x_limit(core.loop().timers(), *this, 0) {}

Connector::~Connector() = default;

void Connector::start() {
  if (!x_target.admission_server) return dial();
  auto answer =
      x_core.admissions().ask(x_client, x_target.admission_server, x_target.dial.to, *this);
  x_admission = std::move(answer.ticket);
  if (!x_admission) return x_events.on_connect_failed(answer.failure);
  if (answer.admitted) dial();
}

void Connector::dial() {
  auto result = upstream::open_and_connect(x_core.sockets(), x_target.dial);
  if (!result.opened) {
    if (result.failure.kind == FailureKind::kLocalLimit)
      x_core.counters().add(telemetry::Metric::kPodDialsRefused);
    return x_events.on_connect_failed(result.failure);
  }
  x_transport = std::make_unique<io::TcpTransport>(std::move(result.opened->fd),
                                                   std::move(result.opened->share));
  if (result.opened->connected) return succeed();
  io::WatchEvents& events = *this;
  x_watch = std::make_unique<io::Watch>(x_core.loop(), x_transport->fd(), events);
  x_watch->want(false, true);
  x_limit.arm(x_target.dial.timeout);
}

void Connector::on_ready(bool /*readable*/, bool /*writable*/) {
  if (const int error_number = io::take_socket_error(x_transport->fd()); error_number != 0) {
    return x_events.on_connect_failed(upstream::connect_failure(error_number));
  }
  succeed();
}

void Connector::succeed() {
  x_limit.cancel();
  if (x_watch) x_watch->detach();
  x_events.on_connected(std::move(x_transport), std::move(x_admission));
}

void Connector::on_admission_lapsed() {
  x_events.on_connect_failed(
      {FailureKind::kRemoteConnect, "the network no longer admits this pair of pods"});
}

void Connector::on_timer(int /*tag*/) {
  x_events.on_connect_failed({FailureKind::kConnectTimeout, "connect timed out"});
}

}  // namespace sm::proxy
