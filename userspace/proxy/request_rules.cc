// SPDX-License-Identifier: Apache-2.0
#include "proxy/request_rules.h"

#include <fmt/format.h>

#include <string>

#include "plan/forwarded.h"

namespace sm::proxy {

namespace {

// RFC 9562 version 4. Its 15th character is the version digit, which Envoy reads as "not traced".
std::string request_id(Rng& rng) {
  const std::uint64_t a = rng.next();
  const std::uint64_t b = rng.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}", a >> 32, (a >> 16) & 0xffff,
                     a & 0xfff, 8 + ((b >> 60) & 3), (b >> 48) & 0xfff, b & 0xffffffffffffULL);
}

}  // namespace

void prepare_request(Side side, const SocketAddress& remote, http::RequestHead& head, Rng& rng) {
  const bool edge = side == Side::kGateway;
  const bool keeps_id = !edge && head.headers.has("x-request-id");
  plan::prepare_forwarded(edge, remote.ip, keeps_id ? std::string() : request_id(rng), head);
  // A plaintext peer's claim about a certificate is worth nothing.
  if (side == Side::kInbound) head.headers.remove("x-forwarded-client-cert");
}

void finish_response(Side side, std::string_view date, http::ResponseHead& head) {
  head.headers.set("server", side == Side::kOutbound ? "envoy" : "istio-envoy");
  if (!head.headers.has("date")) head.headers.set("date", date);
}

void add_service_time(std::chrono::milliseconds time, http::ResponseHead& head) {
  head.headers.set("x-envoy-upstream-service-time", fmt::format_int(time.count()).c_str());
}

}  // namespace sm::proxy
