// SPDX-License-Identifier: Apache-2.0
// AccessRecord: the facts of one finished request or connection, as one proxy of Istio would log
// them (istio-behaviour.md 9.4). A same-node request leaves two: the client's and the server's.
// Views point into the stream that makes the record.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "telemetry/response_flags.h"

namespace sm::telemetry {

// Headers of the request and of the answer, for formats that name some. Names are in lower case;
// empty when there is no such header.
class HeaderLookup {
 public:
  virtual std::string_view request_header(std::string_view name) const = 0;
  virtual std::string_view response_header(std::string_view name) const = 0;

 protected:
  ~HeaderLookup() = default;
};

// Empty text means "missing" and is printed as `-`.
struct AccessRecord {
  std::chrono::system_clock::time_point start_time;
  bool http = true;  // false: a TCP connection, HTTP parts are "- - -"
  std::string_view method;
  std::string_view path;  // x-envoy-original-path when there is one, with query
  std::string_view protocol = "HTTP/1.1";
  int response_code = 0;
  ResponseFlags flags;
  std::string_view details;              // response code details: "via_upstream"
  std::string_view termination_details;  // connection termination details
  std::string_view transport_failure;    // upstream transport failure reason
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::chrono::milliseconds duration{0};
  std::optional<std::chrono::milliseconds> upstream_service_time;
  std::string_view forwarded_for;
  std::string_view user_agent;
  std::string_view request_id;
  std::string_view authority;
  std::optional<SocketAddress> upstream_host;
  std::string_view upstream_cluster;
  std::optional<SocketAddress> upstream_local;
  std::optional<SocketAddress> downstream_local;
  std::optional<SocketAddress> downstream_remote;
  std::string_view requested_server_name;
  std::string_view route_name;
  const HeaderLookup* headers = nullptr;
};

}  // namespace sm::telemetry
