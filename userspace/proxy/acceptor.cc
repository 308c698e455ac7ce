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

// We are out of something, and the connection is still there to be accepted later. Everything else
// is about that one connection (accept(2)).
bool is_shortage(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}
}  // namespace

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
      if (std::exchange(x_short, false)) kLog.info("accept in {}: goes on", x_pod.net->key);
      take(std::move(fd), SocketAddress::from_sockaddr(address));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (is_shortage(errno)) return pause(errno);
  }
}

// One line of log an episode, however long it lasts.
void Acceptor::pause(int error_number) {
  x_core.counters().add(telemetry::Metric::kAcceptFailed);
  if (!std::exchange(x_short, true)) {
    kLog.warn("accept in {}: {}; tried again every {} ms", x_pod.net->key,
              system_error("accept", error_number).text, kAcceptPause.count());
  }
  x_watch.want(false, false);
  x_resume.arm(kAcceptPause);
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
  if (!x_core.plan() || !x_core.accepting()) return io::set_reset_on_close(fd.get());
  auto share = x_pod.use.take_descriptor();
  if (!share || x_pod.sessions >= x_pod.use.limits().connections) {
    x_core.counters().add(telemetry::Metric::kPodConnectionsRefused);
    return io::set_reset_on_close(fd.get());
  }
  io::set_no_delay(fd.get());
  io::set_urgent_inline(fd.get());
  auto transport = std::make_unique<io::TcpTransport>(std::move(fd), std::move(*share));
  if (x_listener.kind == io::ListenerKind::kOutbound) {
    take_outbound(std::move(transport), peer, local);
  } else {
    take_inbound(std::move(transport), peer, local);
  }
}

void Acceptor::take_outbound(std::unique_ptr<io::Transport> transport, const SocketAddress& peer,
                             const SocketAddress& local) {
  const auto wanted = x_destinations.find(*x_pod.net, peer, local);
  if (!wanted) {
    x_core.counters().add(telemetry::Metric::kNoWish);
    return transport->reset_on_close();
  }
  if (*wanted == io::self_test_destination(wanted->ip.family()))
    return answer_self_test(*transport);
  ConnectionFacts facts{Side::kOutbound, &x_pod, peer, *wanted};
  // The application connected from a loopback address only because we took it there; its own
  // address is the pod's.
  for (const auto& ip : x_pod.net->ips) {
    if (ip.family() != wanted->ip.family()) continue;
    facts.remote.ip = ip;
    break;
  }
  start_outbound_session(x_core, facts, std::move(transport));
}

// The daemon tests whether this pod is captured; the name proves as whom. An empty send buffer
// takes a name whole, and a tester that reads nothing has its own limit.
void Acceptor::answer_self_test(io::Transport& transport) {
  std::string name = x_pod.net->key;
  const iovec text{name.data(), name.size()};
  if (transport.write({&text, 1}).bytes != name.size()) transport.reset_on_close();
}

void Acceptor::take_inbound(std::unique_ptr<io::Transport> transport, const SocketAddress& peer,
                            const SocketAddress& local) {
  // What arrives has the pod's address. A loopback one means that the application dialled this
  // listener's own port; serving it would dial the listener again, and again.
  if (local.ip.is_loopback()) {
    x_core.counters().add(telemetry::Metric::kNoWish);
    return transport->reset_on_close();
  }
  const Side side = x_pod.net->gateway ? Side::kGateway : Side::kInbound;
  start_inbound_session(x_core, {side, &x_pod, peer, local}, std::move(transport));
}

}  // namespace sm::proxy
