// SPDX-License-Identifier: Apache-2.0
#include "proxy/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "io/transport.h"
#include "proxy/start.h"

namespace sm::proxy {

namespace {
constexpr log::Logger kLog{log::Component::kProxy};
}

Acceptor::Acceptor(Core& core, PodState& pod, io::PodListener listener,
                   io::OriginalDestinations& destinations, ProbeNews& probes)
    : x_core(core),
      x_pod(pod),
      x_listener(std::move(listener)),
      x_destinations(destinations),
      x_probes(probes),
      x_watch(core.loop(), x_listener.fd.get(), static_cast<io::WatchEvents&>(*this)),
      x_resume(core.loop().timers(), static_cast<io::TimerEvents&>(*this), 0) {
  x_watch.want(true, false);
}

void Acceptor::stop() {
  x_resume.cancel();
  x_watch.detach();
  x_listener.fd.reset();
}

void Acceptor::on_timer(int /*tag*/) { x_watch.want(true, false); }

void Acceptor::on_ready(bool /*readable*/, bool /*writable*/) {
  for (int accepted = 0; accepted < kAcceptsPerEvent && x_listener.fd.valid(); ++accepted) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* address = reinterpret_cast<sockaddr*>(&storage);  // NOLINT: the sockets API
    UniqueFd fd(::accept4(x_listener.fd.get(), address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      take(std::move(fd), SocketAddress::from_sockaddr(address));
      continue;
    }
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    x_core.counters().add(telemetry::Metric::kAcceptFailed);
    kLog.warn("accept in {}: {}; paused for {} ms", x_pod.net->key,
              system_error("accept", errno).text, kAcceptPause.count());
    x_watch.want(false, false);
    x_resume.arm(kAcceptPause);
    return;
  }
}

void Acceptor::take(UniqueFd fd, const SocketAddress& peer) {
  const SocketAddress local = io::local_address(fd.get());
  if (x_listener.kind == io::ListenerKind::kSink) {
    x_core.counters().add(telemetry::Metric::kSinkProbes);
    // A reset leaves no TIME_WAIT behind; the tuple is all that the prober waits for.
    io::set_reset_on_close(fd.get());
    fd.reset();
    x_probes.probe_arrived(peer, local);
    return;
  }
  x_core.counters().add(telemetry::Metric::kDownstreamOpened);
  if (!x_core.plan() || !x_core.accepting()) return refuse(std::move(fd));
  io::set_no_delay(fd.get());
  if (x_listener.kind == io::ListenerKind::kOutbound) {
    take_outbound(std::move(fd), peer, local);
  } else {
    take_inbound(std::move(fd), peer, local);
  }
}

void Acceptor::take_outbound(UniqueFd fd, const SocketAddress& peer, const SocketAddress& local) {
  const auto wanted = x_destinations.find(*x_pod.net, peer, local);
  if (!wanted) {
    x_core.counters().add(telemetry::Metric::kNoWish);
    return refuse(std::move(fd));
  }
  if (*wanted == io::self_test_destination(wanted->ip.family()))
    return answer_self_test(std::move(fd));
  ConnectionFacts facts{Side::kOutbound, &x_pod, peer, *wanted};
  // The application connected from a loopback address only because we took it there; its own
  // address is the pod's.
  for (const auto& ip : x_pod.net->ips) {
    if (ip.family() != wanted->ip.family()) continue;
    facts.remote.ip = ip;
    break;
  }
  start_outbound_session(x_core, facts, std::make_unique<io::TcpTransport>(std::move(fd)));
}

// The daemon tests whether this pod is captured; the name proves as whom. An empty send buffer
// takes a name whole, and a tester that reads nothing has its own limit.
void Acceptor::answer_self_test(UniqueFd fd) {
  const std::string& name = x_pod.net->key;
  if (::send(fd.get(), name.data(), name.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    refuse(std::move(fd));
}

void Acceptor::take_inbound(UniqueFd fd, const SocketAddress& peer, const SocketAddress& local) {
  // What arrives has the pod's address. A loopback one means that the application dialled this
  // listener's own port; serving it would dial the listener again, and again.
  if (local.ip.is_loopback()) {
    x_core.counters().add(telemetry::Metric::kNoWish);
    return refuse(std::move(fd));
  }
  const Side side = x_pod.net->gateway ? Side::kGateway : Side::kInbound;
  start_inbound_session(x_core, {side, &x_pod, peer, local},
                        std::make_unique<io::TcpTransport>(std::move(fd)));
}

void Acceptor::refuse(UniqueFd fd) { io::set_reset_on_close(fd.get()); }

}  // namespace sm::proxy
