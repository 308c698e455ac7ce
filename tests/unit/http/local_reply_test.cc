// SPDX-License-Identifier: Apache-2.0
#include "http/local_reply.h"

#include <doctest/doctest.h>

#include "support/h1_transcript.h"

namespace sm::http {
using test::describe;

TEST_CASE("http: a local reply with a body is plain text, one without has length 0") {
  const LocalReply full = make_local_reply(503, "no healthy upstream", false);
  CHECK(full.head.status == 503);
  CHECK(full.body == "no healthy upstream");
  CHECK(full.head.body == BodyKind::kLength);
  CHECK(full.head.content_length == 19);
  CHECK(describe(full.head.headers) == "content-type=text/plain;");
  const LocalReply empty = make_local_reply(404, "", false);
  CHECK(empty.head.body == BodyKind::kLength);
  CHECK(empty.head.content_length == 0);
  CHECK(describe(empty.head.headers).empty());
}

TEST_CASE("http: a gRPC request gets its status in a field and HTTP 200") {
  const std::pair<int, const char*> rows[] = {{400, "13"}, {401, "16"}, {403, "7"},  {404, "12"},
                                              {429, "14"}, {502, "14"}, {503, "14"}, {504, "14"},
                                              {500, "2"},  {418, "2"}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    const LocalReply reply = make_local_reply(row.first, "", true);
    CHECK(reply.head.status == 200);
    CHECK(reply.head.headers.get("grpc-status") == row.second);
    CHECK_FALSE(reply.head.headers.has("grpc-message"));
  }
  const LocalReply reply = make_local_reply(503, "50% of\ncaf\xc3\xa9", true);
  CHECK(describe(reply.head.headers) ==
        "content-type=application/grpc;grpc-status=14;grpc-message=50%25 of%0Acaf%C3%A9;");
  CHECK(reply.body.empty());
  CHECK(reply.head.content_length == 0);
}

TEST_CASE("http: gRPC is known by its content type") {
  const auto asks = [](const char* type) {
    RequestHead head;
    head.headers.add("content-type", type);
    return is_grpc_request(head);
  };
  CHECK(asks("application/grpc"));
  CHECK(asks("application/grpc+proto"));
  CHECK_FALSE(asks("application/grpc-web"));
  CHECK_FALSE(asks("application/json"));
  CHECK_FALSE(is_grpc_request(RequestHead()));
}

TEST_CASE("http: the body of an upstream failure names the reason") {
  CHECK(upstream_failure_body("connection termination") ==
        "upstream connect error or disconnect/reset before headers. reset reason: connection "
        "termination");
}

}  // namespace sm::http
