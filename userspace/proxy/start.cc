// SPDX-License-Identifier: Apache-2.0
#include "proxy/start.h"

#include <utility>

#include "proxy/http_session.h"
#include "proxy/tcp_session.h"

namespace sm::proxy {

namespace {

// Sessions are in the table before they start: they may end at once.
template <class Kind, class... Args>
void launch(Core& core, Args&&... args) {
  auto session = std::make_unique<Kind>(core, std::forward<Args>(args)...);
  Kind& started = *session;
  core.sessions().add(std::move(session));
  started.start();
}

void refuse(std::unique_ptr<io::Transport> transport) { transport->reset_on_close(); }

const plan::LocalPod* local_pod(Core& core, const ConnectionFacts& facts) {
  return core.plan()->pod(facts.pod->net->key);
}

// A destination that is bytes to the client may be a pod of this node whose port speaks HTTP to its
// callers: then the server's side of the one pass sees requests, as its own proxy would.
plan::Protocol protocol_at_server(const plan::RunPlan& plan, const plan::OutboundChoice& choice,
                                  const SocketAddress& to) {
  if (choice.l4->kind != plan::Cluster::Kind::kOriginalDestination) return choice.protocol;
  const plan::LocalPod* server = plan.server_at(to);
  return server == nullptr ? choice.protocol : server->inbound_port(to.port).protocol;
}

}  // namespace

void start_outbound_session(Core& core, const ConnectionFacts& facts,
                            std::unique_ptr<io::Transport> transport) {
  const plan::LocalPod* pod = local_pod(core, facts);
  if (pod == nullptr || pod->outbound == nullptr) return refuse(std::move(transport));
  const auto choice = plan::choose_outbound(*core.plan(), *pod->outbound, facts.local);
  const bool by_address = choice.protocol == plan::Protocol::kTcp;
  const auto protocol =
      by_address ? protocol_at_server(*core.plan(), choice, facts.local) : choice.protocol;
  if (protocol == plan::Protocol::kHttp) {
    launch<HttpSession>(core, facts, std::move(transport), Buffer(),
                        by_address || choice.routes == nullptr);
  } else if (protocol == plan::Protocol::kTcp) {
    launch<TcpSession>(core, facts, std::move(transport), Buffer(), choice.l4);
  } else {
    launch<DetectSession>(core, facts, std::move(transport));
  }
}

void start_inbound_session(Core& core, const ConnectionFacts& facts,
                           std::unique_ptr<io::Transport> transport) {
  const plan::LocalPod* pod = local_pod(core, facts);
  if (pod == nullptr) return refuse(std::move(transport));
  if (facts.side == Side::kGateway) {
    if (pod->gateway_ports.count(facts.local.port) == 0) return refuse(std::move(transport));
    return launch<HttpSession>(core, facts, std::move(transport), Buffer(), false);
  }
  switch (pod->inbound_port(facts.local.port).protocol) {
    case plan::Protocol::kHttp:
      return launch<HttpSession>(core, facts, std::move(transport), Buffer(), false);
    case plan::Protocol::kTcp:
      return launch<TcpSession>(core, facts, std::move(transport), Buffer(), nullptr);
    case plan::Protocol::kAuto:
      break;
  }
  launch<DetectSession>(core, facts, std::move(transport));
}

void start_detected_session(Core& core, const ConnectionFacts& facts, Detected what,
                            std::unique_ptr<io::Transport> transport, Buffer read) {
  if (facts.side != Side::kOutbound) {
    if (what == Detected::kHttp)
      return launch<HttpSession>(core, facts, std::move(transport), std::move(read), false);
    return launch<TcpSession>(core, facts, std::move(transport), std::move(read), nullptr);
  }
  const plan::LocalPod* pod = local_pod(core, facts);
  if (pod == nullptr || pod->outbound == nullptr) return refuse(std::move(transport));
  const auto choice = plan::choose_outbound(*core.plan(), *pod->outbound, facts.local);
  if (what == Detected::kHttp) {
    launch<HttpSession>(core, facts, std::move(transport), std::move(read),
                        choice.routes == nullptr);
  } else {
    launch<TcpSession>(core, facts, std::move(transport), std::move(read), choice.l4);
  }
}

}  // namespace sm::proxy
