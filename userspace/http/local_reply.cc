// SPDX-License-Identifier: Apache-2.0
#include "http/local_reply.h"

#include <fmt/format.h>

#include "http/h1_encoder.h"

namespace sm::http {
namespace {

constexpr std::string_view kGrpc = "application/grpc";

int grpc_status(int http_status) {
  switch (http_status) {
    case 400:
      return 13;  // INTERNAL
    case 401:
      return 16;  // UNAUTHENTICATED
    case 403:
      return 7;  // PERMISSION_DENIED
    case 404:
      return 12;  // UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;  // UNAVAILABLE
    default:
      return 2;  // UNKNOWN
  }
}

// gRPC's own escaping of grpc-message: printable ASCII except `%` as it is, all other octets as
// %XX.
std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace

LocalReply make_local_reply(int status, std::string_view body, bool grpc_request) {
  LocalReply reply;
  reply.head.body = BodyKind::kLength;
  if (grpc_request) {
    reply.head.status = 200;
    reply.head.headers.add("content-type", kGrpc);
    reply.head.headers.add("grpc-status", std::to_string(grpc_status(status)));
    if (!body.empty()) reply.head.headers.add("grpc-message", percent_encode(body));
  } else {
    reply.head.status = status;
    if (!body.empty()) reply.head.headers.add("content-type", "text/plain");
    reply.body = body;
  }
  reply.head.reason = reason_phrase(reply.head.status);
  reply.head.content_length = reply.body.size();
  return reply;
}

bool is_grpc_request(const RequestHead& head) {
  const auto type = head.headers.get("content-type");
  if (!type || !type->starts_with(kGrpc)) return false;
  // "application/grpc-web" is another protocol, whose clients read plain HTTP answers.
  return type->size() == kGrpc.size() || (*type)[kGrpc.size()] == '+' ||
         (*type)[kGrpc.size()] == ';';
}

std::string upstream_failure_body(std::string_view reason) {
  return fmt::format("upstream connect error or disconnect/reset before headers. reset reason: {}",
                     reason);
}

}  // namespace sm::http
