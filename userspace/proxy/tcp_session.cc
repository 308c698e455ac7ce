// SPDX-License-Identifier: Apache-2.0
#include "proxy/tcp_session.h"
#include "base/clock.h"

#include "telemetry/access_log.h"

namespace sm::proxy {

using telemetry::Flag;

TcpSession::TcpSession(Core& core, ConnectionFacts facts, std::unique_ptr<io::Transport> downstream,
                       Buffer already_read, const plan::Cluster* cluster)
    : Session(facts),
      x_core(core),
      x_plan(core.plan()),
      x_cluster(cluster),
      x_downstream(std::move(downstream)),
      x_already_read(std::move(already_read)),
      x_started(wall_clock_now()),
      x_started_ms(core.loop().now()) {}

// Where this connection goes; nullopt when that has ended it.
std::optional<Target> TcpSession::choose_target() {
  if (facts().side == Side::kInbound) {
    x_server = x_plan->pod(facts().pod->net->key);
    if (x_server == nullptr) {
      refuse(Flag::kNoRoute, "filter_chain_not_found");
      return std::nullopt;
    }
    return resolve_inbound(*x_server, facts());
  }
  if (x_cluster->kind == plan::Cluster::Kind::kBlackHole) {
    refuse(Flag::kUpstreamConnectionFailure, "");
    return std::nullopt;
  }
  Target target;
  if (x_cluster->kind == plan::Cluster::Kind::kEndpoints) {
    auto choice = facts().pod->balancer.pick(*x_cluster, x_plan->generation);
    if (choice.endpoint == nullptr) {
      refuse(Flag::kNoHealthyUpstream, "");
      return std::nullopt;
    }
    target = resolve_outbound(x_core, *x_plan, facts(), *choice.endpoint);
    x_lease = std::move(choice.lease);
  } else {
    target = resolve_outbound(x_core, *x_plan, facts(), facts().local);
  }
  x_server = target.server;
  return target;
}

void TcpSession::start() {
  auto target = choose_target();
  if (!target) return;
  x_upstream = target->dial.to;
  x_inbound = target->inbound;
  if (x_server != nullptr && !x_server->denied_because.empty()) {
    x_core.counters().add(telemetry::Metric::kDenied);
    x_server_reached = true;
    return end("rbac_access_denied_matched_policy[none]");
  }
  if (x_cluster != nullptr) target->dial.timeout = x_cluster->connect_timeout;
  ConnectorEvents& events = *this;
  x_connector = std::make_unique<Connector>(x_core, facts().pod->net, std::move(*target), events);
  x_connector->start();
}

void TcpSession::on_connected(std::unique_ptr<io::Transport> upstream,
                              std::unique_ptr<upstream::AdmissionTicket> admission) {
  x_core.loop().bury(std::move(x_connector));
  x_core.counters().add(telemetry::Metric::kUpstreamOpened);
  x_server_reached = true;
  x_upstream_local = io::local_address(upstream->fd());
  x_admission = std::move(admission);
  if (x_admission) x_admission->state().user = this;
  RelayEvents& events = *this;
  x_relay = std::make_unique<Relay>(x_core.loop(), std::move(x_downstream), std::move(upstream),
                                    std::move(x_already_read), Buffer(), facts().pod->use.buffers(),
                                    events);
  x_relay->start();
}

void TcpSession::on_connect_failed(const upstream::Failure& failure) {
  x_core.counters().add(telemetry::Metric::kUpstreamFailed);
  x_failure_text = failure.text;
  refuse(Flag::kUpstreamConnectionFailure, "");
}

void TcpSession::on_admission_lapsed() {
  x_flags.set(Flag::kUpstreamTerminated);
  x_relay->reset_both();
  end("admission_lapsed");
}

void TcpSession::on_relay_end(RelayEnd reason) {
  if (reason == RelayEnd::kUpstreamReset) x_flags.set(Flag::kUpstreamTerminated);
  if (reason == RelayEnd::kDownstreamReset) x_flags.set(Flag::kDownstreamTerminated);
  end("");
}

void TcpSession::refuse(Flag flag, std::string_view details) {
  x_flags.set(flag);
  end(details);
}

void TcpSession::plan_changed() {
  if (x_server != nullptr && !serves(*x_core.plan(), x_server->workload->key)) abort();
}

void TcpSession::abort() {
  if (x_relay) x_relay->reset_both();
  x_flags.set(Flag::kLocalReset);
  end("");
}

void TcpSession::end(std::string_view details) {
  if (x_over) return;
  x_over = true;
  if (x_downstream) x_downstream->reset_on_close();
  write_records(details);
  x_core.sessions().over(*this);
}

void TcpSession::write_records(std::string_view details) {
  if (!x_core.access_log().enabled()) return;
  telemetry::AccessRecord record;
  record.http = false;
  record.start_time = x_started;
  record.duration = x_core.loop().now() - x_started_ms;
  record.flags = x_flags;
  record.termination_details = details;
  record.transport_failure = x_failure_text;
  record.bytes_received = x_relay ? x_relay->bytes_from_downstream() : 0;
  record.bytes_sent = x_relay ? x_relay->bytes_from_upstream() : 0;
  record.upstream_host = x_upstream;
  record.downstream_remote = facts().remote;
  if (facts().side != Side::kInbound) {
    record.upstream_cluster = x_cluster->name;
    record.upstream_local = x_server != nullptr ? std::optional(facts().remote) : x_upstream_local;
    record.downstream_local = facts().local;
    x_core.access_log().record(record);
  }
  if (x_server == nullptr || !(x_server_reached || facts().side == Side::kInbound)) return;
  record.upstream_cluster = x_inbound.cluster_name;
  record.upstream_local = x_upstream_local;
  record.downstream_local = x_upstream;
  x_core.access_log().record(record);
}

}  // namespace sm::proxy
