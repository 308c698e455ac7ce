// SPDX-License-Identifier: Apache-2.0
// Answers that the proxy makes itself, with Envoy's bodies (istio-behaviour.md 3.7, 8.3, 10). Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace sm::http {

// status, and for a non-empty body content-type text/plain; content-length always (0 without a
// body). A request whose content-type is application/grpc* gets HTTP 200 with grpc-status and
// grpc-message instead (3.7). `date` and `server` are added by the session, as on every response.
struct LocalReply {
  ResponseHead head;
  std::string body;
};
LocalReply make_local_reply(int status, std::string_view body, bool grpc_request);

bool is_grpc_request(const RequestHead& head);

// "upstream connect error or disconnect/reset before headers. reset reason: " + reason
std::string upstream_failure_body(std::string_view reason);

}  // namespace sm::http
