// SPDX-License-Identifier: Apache-2.0
// TcpSession: a connection whose bytes are not looked at. The upstream is chosen and dialled at
// once (the server may be the one that speaks first), then a Relay carries both directions. A dial
// that fails, a policy that refuses, or an admission that lapses end the client's connection with a
// reset: an end of stream would be taken for the server's. One thread.
#pragma once

#include <memory>
#include <optional>

#include "proxy/connector.h"
#include "proxy/core.h"
#include "proxy/relay.h"
#include "proxy/session.h"
#include "telemetry/access_record.h"

namespace sm::proxy {

class TcpSession final : public Session,
                         private ConnectorEvents,
                         private RelayEvents,
                         private upstream::AdmissionUser {
 public:
  // `already_read` came from the client before it was known that this is TCP. `cluster` is where an
  // outbound connection goes; null for what arrived at the pod itself.
  TcpSession(Core& core, ConnectionFacts facts, std::unique_ptr<io::Transport> downstream,
             Buffer already_read, const plan::Cluster* cluster);

  void start();
  void abort() override;
  // A byte stream has no boundary to end at; it goes on until the drain's deadline.
  void drain() override {}
  void plan_changed() override;

 private:
  std::optional<Target> choose_target();
  void on_connected(std::unique_ptr<io::Transport> upstream,
                    std::unique_ptr<upstream::AdmissionTicket> admission) override;
  void on_connect_failed(const upstream::Failure& failure) override;
  void on_relay_end(RelayEnd end) override;
  void on_admitted() override {}
  void on_not_admitted(const upstream::Failure&) override {}
  void on_admission_lapsed() override;
  void refuse(telemetry::Flag flag, std::string_view details);
  void end(std::string_view details);
  void write_records(std::string_view details);

  Core& x_core;
  std::shared_ptr<const plan::RunPlan> x_plan;  // keeps cluster and names alive for the records
  const plan::Cluster* x_cluster;
  std::unique_ptr<io::Transport> x_downstream;  // until the relay has it
  Buffer x_already_read;
  const plan::LocalPod* x_server = nullptr;
  plan::InboundPort x_inbound;
  std::optional<SocketAddress> x_upstream;
  std::optional<SocketAddress> x_upstream_local;
  upstream::EndpointLease x_lease;
  std::unique_ptr<Connector> x_connector;
  std::unique_ptr<upstream::AdmissionTicket> x_admission;
  std::unique_ptr<Relay> x_relay;
  telemetry::ResponseFlags x_flags;
  std::string x_failure_text;
  bool x_server_reached = false;
  bool x_over = false;
  std::chrono::system_clock::time_point x_started;
  std::chrono::milliseconds x_started_ms;
};

}  // namespace sm::proxy
