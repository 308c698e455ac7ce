// SPDX-License-Identifier: Apache-2.0
// The access records of a stream: one for each of Istio's proxies that would have seen it.
#include "proxy/stream.h"
#include "telemetry/access_log.h"

namespace sm::proxy {

void Stream::write_records() {
  if (!x_core.access_log().enabled()) return;
  const auto& headers = x_request.headers;
  telemetry::AccessRecord record;
  record.start_time = x_began_at;
  record.headers = &x_logged;
  record.method = x_request.method;
  record.response_code = x_status;
  record.bytes_received = x_bytes_received;
  record.bytes_sent = x_bytes_sent;
  record.duration = x_core.loop().now() - x_began;
  record.upstream_service_time = x_service_time;
  record.forwarded_for = headers.get("x-forwarded-for").value_or("");
  record.user_agent = headers.get("user-agent").value_or("");
  record.request_id = headers.get("x-request-id").value_or("");
  record.downstream_remote = x_facts.remote;
  const auto original_path = headers.get("x-envoy-original-path");
  const auto upstream_local = x_attempt ? x_attempt->local_address() : std::nullopt;
  const bool dialled = x_attempt != nullptr;

  if (x_client_leg.taken) {
    record.path = x_logged_path;
    record.authority = x_logged_authority;
    record.flags = x_client_leg.flags;
    record.details = x_client_leg.details;
    record.upstream_cluster = x_cluster != nullptr ? std::string_view(x_cluster->name)
                              : x_destination != nullptr
                                  ? std::string_view(x_destination->cluster_name)
                                  : std::string_view();
    if (dialled) {
      record.upstream_host = x_target.dial.to;
      // On the same node the server's application sees the client itself.
      record.upstream_local = x_target.server != nullptr ? x_target.dial.client : upstream_local;
    }
    record.downstream_local = x_facts.local;
    record.route_name = x_route != nullptr ? std::string_view(x_route->name) : std::string_view();
    x_core.access_log().record(record);
  }
  if (x_server_leg.taken) {
    record.path = original_path.value_or(x_request.path);
    record.authority = x_request.authority;
    record.flags = x_server_leg.flags;
    record.details = x_server_leg.details;
    record.upstream_cluster = x_target.inbound.cluster_name;
    if (x_target.server != nullptr) record.upstream_host = x_target.dial.to;
    record.upstream_local = upstream_local;
    record.downstream_local = x_facts.side == Side::kInbound ? x_facts.local : x_target.dial.to;
    record.route_name = "default";
    x_core.access_log().record(record);
  }
}

}  // namespace sm::proxy
