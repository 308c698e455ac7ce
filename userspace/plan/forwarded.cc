// SPDX-License-Identifier: Apache-2.0
#include "plan/forwarded.h"

#include <array>
#include <string>

namespace sm::plan {

namespace {

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
    "x-forwarded-client-cert",
};

}  // namespace

void prepare_forwarded(bool at_gateway, const IpAddress& client, std::string_view request_id,
                       http::RequestHead& head) {
  http::Headers& headers = head.headers;
  headers.remove("x-envoy-internal");
  if (at_gateway) {
    for (const std::string_view name : kEdgeStripped) headers.remove(name);
    const std::string address = client.to_string();
    const auto chain = headers.get("x-forwarded-for");
    headers.set("x-forwarded-for", chain ? std::string(*chain) + "," + address : address);
    headers.set("x-forwarded-proto", head.scheme);
    headers.set("x-envoy-external-address", address);
    headers.set("x-request-id", request_id);
    return;
  }
  if (!headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", head.scheme);
  if (!headers.has("x-request-id")) headers.set("x-request-id", request_id);
}

void finish_forwarded(http::RequestHead& head) {
  head.headers.remove("x-envoy-upstream-rq-timeout-ms");
  head.headers.remove("x-envoy-upstream-rq-per-try-timeout-ms");
  head.headers.set("x-envoy-attempt-count", "1");
}

}  // namespace sm::plan
