// SPDX-License-Identifier: Apache-2.0
// Stream: one request and its response, from the request's head to the access records. It pins the
// plan when it starts and never looks at a newer one. Owned by an HttpSession, one thread.
//
//   head -> path made canonical -> client side: virtual host, route, headers, cluster, endpoint
//        -> server side (same node, or what arrived): policy -> Attempt -> response head back
//        through the same sides
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "http/local_reply.h"
#include "proxy/attempt.h"
#include "proxy/core.h"
#include "proxy/logged_headers.h"
#include "proxy/mirror.h"
#include "proxy/session.h"
#include "telemetry/access_record.h"

namespace sm::proxy {

// The downstream connection as a stream sees it.
class StreamHost {
 public:
  virtual void send_response_head(const http::ResponseHead& head, bool close) = 0;
  virtual void send_interim_head(const http::ResponseHead& head) = 0;
  virtual void send_response_body(std::span<const std::uint8_t> data, bool chunked) = 0;
  virtual void send_response_end(bool chunked) = 0;
  virtual void flush_response() = 0;
  virtual std::size_t response_backlog() const = 0;
  // Request bytes are not wanted (any more, or again).
  virtual void pause_request(bool paused) = 0;
  // The response is whole. `request_whole` false: the connection cannot carry another request.
  virtual void stream_over(bool reusable) = 0;
  // The response cannot be completed: the client has to notice.
  virtual void stream_broken() = 0;
  // 101 was sent: both ends are a byte stream from here on.
  virtual void upgrade(std::unique_ptr<io::Transport> upstream, Buffer from_upstream) = 0;

 protected:
  ~StreamHost() = default;
};

class Stream final : public io::Mortal, private AttemptEvents {
 public:
  Stream(Core& core, StreamHost& host, const ConnectionFacts& facts, const plan::RouteTable* routes,
         http::RequestHead&& head);
  ~Stream() override;

  // May end the stream at once (a local reply).
  void start();
  void request_body(std::span<const std::uint8_t> data);
  void request_end();
  void flush_request();
  // The client is gone, or its connection broke.
  void downstream_gone(telemetry::Flag flag, std::string_view details);
  // The response's backlog fell below kRelayLowBytes.
  void response_drained();
  // What this stream reached would be served under `plan` too.
  bool still_served(const plan::RunPlan& plan) const {
    return x_target.server == nullptr || serves(plan, x_target.server->workload->key);
  }
  bool request_complete() const { return x_request_complete; }
  // A request that broke the protocol inside its body.
  void protocol_error(const http::ProtocolError& error);
  // The end of the byte stream that followed a 101.
  void tunnel_over(std::uint64_t received, std::uint64_t sent);

 private:
  // One proxy's part in this request: what its access record will say.
  struct Leg {
    telemetry::ResponseFlags flags;
    std::string details;
    bool taken = false;
  };

  bool check_head();
  bool route(const plan::LocalPod& client);
  bool pick_endpoint();
  bool enter_server();
  void start_mirrors();
  void reply(int status, std::string_view body, Leg& leg, std::string_view details);
  void send_local(http::LocalReply answer, Leg& leg, std::string_view details);
  void finish_response_head(http::ResponseHead& head, bool from_upstream);
  void complete_if_over();
  void write_records();

  void on_attempt_head(http::ResponseHead&& head) override;
  void on_attempt_body(std::span<const std::uint8_t> data) override;
  void on_attempt_end() override;
  void on_attempt_failed(const upstream::Failure& failure) override;
  void on_attempt_pause() override { x_host.flush_response(); }
  void on_attempt_drained() override { x_host.pause_request(false); }

  Core& x_core;
  StreamHost& x_host;
  const ConnectionFacts& x_facts;
  const plan::RouteTable*
      x_routes;  // null: straight to the original destination (inbound, or L4 that speaks HTTP)
  std::shared_ptr<const plan::RunPlan> x_plan;
  http::RequestHead x_request;
  LoggedHeaders x_logged{x_request.headers};
  io::BufferShare x_share;    // how much may wait; the buffers themselves are others'
  std::string x_logged_path;  // as the client's record shows it
  std::string x_logged_authority;
  const plan::Route* x_route = nullptr;
  const plan::WeightedCluster* x_destination = nullptr;
  const plan::Cluster* x_cluster = nullptr;
  upstream::EndpointLease x_lease;
  Target x_target;
  std::unique_ptr<Attempt> x_attempt;
  std::vector<MirrorId> x_mirrors;  // ask the MirrorSet: a copy may have ended before
  Leg x_client_leg;
  Leg x_server_leg;
  int x_status = 0;
  bool x_grpc = false;
  bool x_request_complete = false;
  bool x_response_started = false;
  bool x_response_complete = false;
  bool x_body_chunked = false;
  bool x_no_response_body = false;
  bool x_over = false;
  std::uint64_t x_bytes_received = 0;
  std::uint64_t x_bytes_sent = 0;
  std::optional<std::chrono::milliseconds> x_service_time;
  std::chrono::milliseconds x_upstream_began{0};
  std::chrono::milliseconds x_began;
  std::chrono::system_clock::time_point x_began_at;
};

}  // namespace sm::proxy
