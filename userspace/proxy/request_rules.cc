// SPDX-License-Identifier: Apache-2.0
#include "proxy/request_rules.h"

#include <fmt/format.h>

#include <array>

namespace sm::proxy {

namespace {

// What an edge does not take from outside (8.2), besides x-forwarded-proto and x-request-id, which
// it overwrites.
constexpr std::array<std::string_view, 18> kEdgeStripped = {
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-retriable-status-codes",
    "x-envoy-retriable-header-names",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-ip-tags",
    "x-envoy-original-path",
    "x-envoy-original-host",
    "x-envoy-force-trace",
    "x-envoy-decorator-operation",
    "x-envoy-external-address",
    "x-envoy-internal",
};

// RFC 9562 version 4. Its 15th character is the version digit, which Envoy reads as "not traced".
std::string request_id(Rng& rng) {
  const std::uint64_t a = rng.next();
  const std::uint64_t b = rng.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}", a >> 32, (a >> 16) & 0xffff,
                     a & 0xfff, 8 + ((b >> 60) & 3), (b >> 48) & 0xfff, b & 0xffffffffffffULL);
}

}  // namespace

void prepare_request(Side side, const SocketAddress& remote, http::RequestHead& head, Rng& rng) {
  auto& headers = head.headers;
  if (side == Side::kGateway) {
    for (const auto name : kEdgeStripped) headers.remove(name);
    const std::string client = remote.ip.to_string();
    const auto chain = headers.get("x-forwarded-for");
    headers.set("x-forwarded-for", chain ? std::string(*chain) + "," + client : client);
    headers.set("x-forwarded-proto", head.scheme);
    headers.set("x-envoy-external-address", client);
    headers.set("x-request-id", request_id(rng));
    headers.remove("x-forwarded-client-cert");
    return;
  }
  headers.remove("x-envoy-internal");
  if (!headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", head.scheme);
  if (!headers.has("x-request-id")) headers.set("x-request-id", request_id(rng));
  // A plaintext peer's claim about a certificate is worth nothing.
  if (side == Side::kInbound) headers.remove("x-forwarded-client-cert");
}

void prepare_attempt(http::RequestHead& head) {
  head.headers.remove("x-envoy-upstream-rq-timeout-ms");
  head.headers.remove("x-envoy-upstream-rq-per-try-timeout-ms");
  head.headers.set("x-envoy-attempt-count", "1");
}

void finish_response(Side side, std::string_view date, http::ResponseHead& head) {
  head.headers.set("server", side == Side::kOutbound ? "envoy" : "istio-envoy");
  if (!head.headers.has("date")) head.headers.set("date", date);
}

void add_service_time(std::chrono::milliseconds time, http::ResponseHead& head) {
  head.headers.set("x-envoy-upstream-service-time", fmt::format_int(time.count()).c_str());
}

}  // namespace sm::proxy
