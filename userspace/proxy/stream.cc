// SPDX-License-Identifier: Apache-2.0
#include "proxy/stream.h"

#include <utility>

#include "base/clock.h"
#include "base/limits.h"
#include "http/hop_by_hop.h"
#include "http/local_reply.h"
#include "http/path.h"
#include "plan/forwarded.h"
#include "proxy/request_rules.h"

namespace sm::proxy {

using telemetry::Flag;
using upstream::Failure;
using upstream::FailureKind;

namespace {

Flag flag_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::kTerminated:
      return Flag::kUpstreamTerminated;
    case FailureKind::kProtocol:
      return Flag::kUpstreamProtocolError;
    default:
      return Flag::kUpstreamConnectionFailure;
  }
}

// "upstream_reset_before_response_started{remote_connection_failure}"
std::string reset_details(std::string_view when, FailureKind kind) {
  std::string details = "upstream_reset_" + std::string(when) + "_response_started{" +
                        std::string(upstream::reason_of(kind)) + "}";
  for (char& c : details) {
    if (c == ' ') c = '_';
  }
  return details;
}

}  // namespace

Stream::Stream(Core& core, StreamHost& host, const ConnectionFacts& facts,
               const plan::RouteTable* routes, http::RequestHead&& head)
    : x_core(core),
      x_host(host),
      x_facts(facts),
      x_routes(routes),
      x_plan(core.plan()),
      x_request(std::move(head)),
      x_share(facts.pod->use.buffers()),
      x_grpc(http::is_grpc_request(x_request)),
      x_request_complete(x_request.body == http::BodyKind::kNone),
      x_began(core.loop().now()),
      x_began_at(wall_clock_now()) {
  x_client_leg.taken = facts.side != Side::kInbound;
  x_server_leg.taken = facts.side == Side::kInbound;
}

Stream::~Stream() {
  for (const MirrorId id : x_mirrors) {
    if (!x_request_complete) x_core.mirrors().cancel(id);
  }
}

void Stream::start() {
  x_core.counters().add(telemetry::Metric::kRequests);
  if (!check_head()) return;
  prepare_request(x_facts.side, x_facts.remote, x_request, x_core.rng());
  const plan::LocalPod* pod = x_plan->pod(x_facts.pod->net->key);
  if (pod == nullptr || (x_facts.side == Side::kGateway && x_routes == nullptr)) {
    // The pod or the port has left the configuration while its connection was open.
    Leg& leg = x_client_leg.taken ? x_client_leg : x_server_leg;
    leg.flags.set(Flag::kNoRoute);
    return reply(404, "", leg, "route_not_found");
  }
  if (x_facts.side == Side::kInbound) {
    x_target = resolve_inbound(*pod, x_facts);
  } else if (!route(*pod) || !pick_endpoint()) {
    return;
  }
  if (x_target.server != nullptr && !enter_server()) return;
  plan::finish_forwarded(x_request);
  x_upstream_began = x_core.loop().now();
  start_mirrors();
  AttemptEvents& events = *this;
  x_attempt = std::make_unique<Attempt>(x_core, x_facts.pod->net, x_target, x_request, events);
  x_attempt->start();
}

// Path and connection fields, before anything is decided by them.
bool Stream::check_head() {
  Leg& leg = x_client_leg.taken ? x_client_leg : x_server_leg;
  auto canonical = http::canonicalise_path(x_request.path, x_plan->path_normalization);
  x_logged_authority = x_request.authority;
  if (!canonical) {
    x_logged_path = x_request.path;
    reply(400, "", leg, "path_normalization_failed");
    return false;
  }
  x_request.path = std::move(*canonical);
  x_logged_path = x_request.path;
  if (const auto error = http::strip_hop_by_hop(x_request)) {
    protocol_error(*error);
    return false;
  }
  if (x_request.upgrade_other) {
    x_request.keep_alive = false;
    reply(403, "", leg, "upgrade_failed");
    return false;
  }
  return true;
}

// The client's side: where the request goes, and what the route changes on it.
bool Stream::route(const plan::LocalPod& client) {
  if (x_routes == nullptr) {
    x_cluster = x_plan->passthrough;
    return true;
  }
  const plan::VirtualHost* host = x_routes->find(x_request.authority);
  const auto* labels_of = x_facts.side == Side::kOutbound ? client.workload : nullptr;
  const auto view = plan::RequestView::of(x_request, x_facts.local.port, labels_of);
  x_route = host != nullptr ? plan::find_route(*host, view) : nullptr;
  if (x_route == nullptr) {
    x_client_leg.flags.set(Flag::kNoRoute);
    reply(404, "", x_client_leg, "route_not_found");
    return false;
  }
  if (x_route->redirect) {
    const std::string location = plan::redirect_location(*x_route->redirect, x_request);
    auto answer = http::make_local_reply(x_route->redirect->code, "", x_grpc);
    answer.head.headers.set("location", location);
    send_local(std::move(answer), x_client_leg, "direct_response");
    return false;
  }
  if (x_route->direct) {
    reply(x_route->direct->status, x_route->direct->body, x_client_leg, "direct_response");
    return false;
  }
  x_destination = &plan::pick_destination(*x_route, x_core.rng());
  x_cluster = x_destination->cluster;
  if (x_cluster == nullptr) {
    x_client_leg.flags.set(Flag::kNoCluster);
    reply(503, "", x_client_leg, "cluster_not_found");
    return false;
  }
  plan::apply_to_request(*x_route, *x_destination, x_request, {x_facts.remote, x_facts.local});
  return true;
}

bool Stream::pick_endpoint() {
  if (x_cluster->kind == plan::Cluster::Kind::kBlackHole) {
    reply(502, "", x_client_leg, "direct_response");
    return false;
  }
  if (x_cluster->kind == plan::Cluster::Kind::kEndpoints) {
    auto choice = x_facts.pod->balancer.pick(*x_cluster, x_plan->generation);
    if (choice.endpoint == nullptr) {
      x_client_leg.flags.set(Flag::kNoHealthyUpstream);
      reply(503, "no healthy upstream", x_client_leg, "no_healthy_upstream");
      return false;
    }
    x_target = resolve_outbound(x_core, *x_plan, x_facts, *choice.endpoint);
    x_lease = std::move(choice.lease);
  } else {
    x_target = resolve_outbound(x_core, *x_plan, x_facts, x_facts.local);
  }
  x_target.dial.timeout = x_cluster->connect_timeout;
  return true;
}

// The server's side, when it is ours: on this node, or because the request arrived here.
bool Stream::enter_server() {
  if (x_target.server->denied_because.empty()) return true;
  x_core.counters().add(telemetry::Metric::kDenied);
  x_server_leg.taken = true;
  if (x_client_leg.taken) x_client_leg.details = "via_upstream";
  reply(403, "RBAC: access denied", x_server_leg, "rbac_access_denied_matched_policy[none]");
  return false;
}

void Stream::start_mirrors() {
  if (x_route == nullptr || x_request.upgrade_websocket) return;
  for (const auto& mirror : x_route->mirrors) {
    if (mirror.cluster == nullptr || x_core.rng().below(1'000'000) >= mirror.per_million) continue;
    const MirrorId id = x_core.mirrors().start(x_plan, *mirror.cluster, x_facts, x_request);
    if (id != 0) x_mirrors.push_back(id);
  }
}

void Stream::request_body(std::span<const std::uint8_t> data) {
  x_bytes_received += data.size();
  if (!x_attempt || x_response_complete) return;
  for (const MirrorId id : x_mirrors) x_core.mirrors().body(id, data);
  x_attempt->send_body(data);
  if (x_attempt->backlog() > x_share.high_bytes()) x_host.pause_request(true);
}

void Stream::request_end() {
  x_request_complete = true;
  if (!x_attempt || x_over) return;
  for (const MirrorId id : x_mirrors) x_core.mirrors().end_body(id);
  // Requests without a body were complete from the start.
  if (x_request.body != http::BodyKind::kNone) x_attempt->end_body();
}

void Stream::flush_request() {
  for (const MirrorId id : x_mirrors) x_core.mirrors().flush(id);
  if (x_attempt) x_attempt->flush();
}

void Stream::response_drained() {
  if (x_attempt) x_attempt->pause_response(false);
}

void Stream::on_attempt_head(http::ResponseHead&& head) {
  if (head.status < 200 && head.status != 101) {
    http::strip_hop_by_hop(head);
    x_host.send_interim_head(head);
    return;
  }
  x_status = head.status;
  x_service_time = x_core.loop().now() - x_upstream_began;
  x_server_leg.taken = x_server_leg.taken || x_target.server != nullptr;
  x_client_leg.details = x_server_leg.details = "via_upstream";
  http::strip_hop_by_hop(head);
  x_no_response_body =
      x_request.method == "HEAD" || head.status == 204 || head.status == 304 || head.status == 101;
  if (head.body == http::BodyKind::kUntilClose) head.body = http::BodyKind::kChunked;
  if (x_no_response_body && head.body == http::BodyKind::kChunked)
    head.body = http::BodyKind::kNone;
  x_body_chunked = head.body == http::BodyKind::kChunked;
  finish_response_head(head, true);
  x_response_started = true;
  if (head.status == 101) {
    x_host.send_response_head(head, false);
    Buffer already_read;
    auto transport = x_attempt->take_transport(already_read);
    x_host.upgrade(std::move(transport), std::move(already_read));
    return;
  }
  // An upgrade that was refused leaves bytes behind that are no HTTP.
  x_host.send_response_head(
      head, !x_request.keep_alive || x_request.upgrade_websocket || x_core.draining());
}

void Stream::finish_response_head(http::ResponseHead& head, bool from_upstream) {
  if (from_upstream) add_service_time(*x_service_time, head);
  if (x_route != nullptr)
    plan::apply_to_response(*x_route, x_destination, x_request, head,
                            {x_facts.remote, x_facts.local});
  finish_response(x_facts.side, x_core.date(), head);
  x_logged.keep(head.headers, x_core.access_log().response_headers());
}

void Stream::on_attempt_body(std::span<const std::uint8_t> data) {
  if (x_no_response_body) return;
  x_bytes_sent += data.size();
  x_host.send_response_body(data, x_body_chunked);
  if (x_attempt && x_host.response_backlog() > x_share.high_bytes())
    x_attempt->pause_response(true);
}

void Stream::on_attempt_end() {
  x_response_complete = true;
  x_host.send_response_end(x_body_chunked && !x_no_response_body);
  complete_if_over();
}

void Stream::on_attempt_failed(const Failure& failure) {
  const bool server_side = x_target.server != nullptr && x_attempt->reached_server();
  if (server_side) x_server_leg.taken = true;
  Leg& leg = server_side ? x_server_leg : x_client_leg;
  leg.flags.set(flag_of(failure.kind));
  if (x_response_started) {
    leg.details = reset_details("after", failure.kind);
    if (server_side && x_client_leg.taken) {
      x_client_leg.flags.set(Flag::kUpstreamTerminated);
      x_client_leg.details = reset_details("after", FailureKind::kTerminated);
    }
    x_over = true;
    write_records();
    x_host.stream_broken();
    return;
  }
  // The server's proxy answers 503 and the client's passes that on, as two sidecars would.
  if (server_side && x_client_leg.taken) x_client_leg.details = "via_upstream";
  const int status = failure.kind == FailureKind::kProtocol ? 502 : 503;
  reply(status, http::upstream_failure_body(upstream::reason_of(failure.kind)), leg,
        reset_details("before", failure.kind));
}

void Stream::reply(int status, std::string_view body, Leg& leg, std::string_view details) {
  send_local(http::make_local_reply(status, body, x_grpc), leg, details);
}

void Stream::send_local(http::LocalReply answer, Leg& leg, std::string_view details) {
  leg.details = details;
  x_status = answer.head.status;
  const bool whole = x_request_complete;
  const bool head_only = x_request.method == "HEAD";
  finish_response_head(answer.head, false);
  x_host.send_response_head(answer.head, !whole || !x_request.keep_alive ||
                                             x_request.upgrade_websocket || x_core.draining());
  if (!answer.body.empty() && !head_only) {
    x_bytes_sent += answer.body.size();
    x_host.send_response_body(
        {reinterpret_cast<const std::uint8_t*>(answer.body.data()), answer.body.size()},
        false);  // NOLINT
  }
  x_response_complete = true;
  x_host.send_response_end(false);
  complete_if_over();
}

void Stream::protocol_error(const http::ProtocolError& error) {
  x_core.counters().add(telemetry::Metric::kProtocolErrors);
  Leg& leg = x_client_leg.taken ? x_client_leg : x_server_leg;
  leg.flags.set(Flag::kDownstreamProtocolError);
  x_request.keep_alive = false;
  if (x_response_started) {
    leg.details = error.details;
    x_over = true;
    write_records();
    x_host.stream_broken();
    return;
  }
  x_attempt.reset();
  reply(error.status, error.body, leg, error.details);
}

void Stream::downstream_gone(Flag flag, std::string_view details) {
  if (x_over) return;
  x_over = true;
  for (Leg* leg : {&x_client_leg, &x_server_leg}) {
    if (!leg->taken) continue;
    leg->flags.set(flag);
    leg->details = details;
  }
  if (!x_response_started) x_status = 0;
  x_attempt.reset();
  write_records();
}

void Stream::tunnel_over(std::uint64_t received, std::uint64_t sent) {
  if (x_over) return;
  x_over = true;
  x_bytes_received += received;
  x_bytes_sent += sent;
  write_records();
}

// An early answer ends the stream too; what is left of the request then makes the connection
// useless.
void Stream::complete_if_over() {
  if (x_over || !x_response_complete) return;
  x_over = true;
  write_records();
  x_lease.release();
  const bool reusable = x_request_complete && x_request.keep_alive &&
                        !x_request.upgrade_websocket && !x_core.draining();
  x_host.stream_over(reusable);
}

}  // namespace sm::proxy
