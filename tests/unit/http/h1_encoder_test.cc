// SPDX-License-Identifier: Apache-2.0
#include "http/h1_encoder.h"

#include <doctest/doctest.h>

namespace sm::http {
namespace {

std::string wire(const RequestHead& head) {
  Buffer out;
  encode_request_head(head, out);
  return std::string(out.view());
}

std::string wire(const ResponseHead& head, bool close = false) {
  Buffer out;
  encode_response_head(head, close, out);
  return std::string(out.view());
}

RequestHead get() {
  RequestHead head;
  head.method = "GET";
  head.path = "/p?q";
  head.authority = "h";
  return head;
}

ResponseHead answer(int status, BodyKind body, std::uint64_t length = 0) {
  ResponseHead head;
  head.status = status;
  head.body = body;
  head.content_length = length;
  return head;
}

}  // namespace

TEST_CASE("http: a request head goes out with host first and its framing last") {
  RequestHead head = get();
  head.headers.add("Host", "other");
  head.headers.add("Accept", "*/*");
  CHECK(wire(head) == "GET /p?q HTTP/1.1\r\nhost: h\r\naccept: */*\r\n\r\n");
  head.body = BodyKind::kLength;
  head.content_length = 0;
  CHECK(wire(head) == "GET /p?q HTTP/1.1\r\nhost: h\r\naccept: */*\r\ncontent-length: 0\r\n\r\n");
  head.body = BodyKind::kChunked;
  CHECK(wire(head) ==
        "GET /p?q HTTP/1.1\r\nhost: h\r\naccept: */*\r\ntransfer-encoding: chunked\r\n\r\n");
}

TEST_CASE("http: a WebSocket request says connection and upgrade") {
  RequestHead head = get();
  head.upgrade_websocket = true;
  CHECK(wire(head) ==
        "GET /p?q HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
}

TEST_CASE("http: the encoder writes one framing even when the list holds another") {
  RequestHead head = get();
  head.headers.add("content-length", "5");
  head.headers.add("transfer-encoding", "chunked");
  head.body = BodyKind::kLength;
  head.content_length = 7;
  CHECK(wire(head) == "GET /p?q HTTP/1.1\r\nhost: h\r\ncontent-length: 7\r\n\r\n");
}

TEST_CASE("http: a rewritten path or host cannot end the request line") {
  RequestHead head = get();
  head.path = "/a b\r\nx: y";
  head.authority = "h\nz";
  CHECK(wire(head) == "GET /a%20b%0D%0Ax:%20y HTTP/1.1\r\nhost: h%0Az\r\n\r\n");
}

TEST_CASE(
    "http: a response head has the reason of its status, its fields, its framing, and close") {
  ResponseHead head = answer(200, BodyKind::kLength, 5);
  head.reason = "Whatever";
  head.headers.add("server", "envoy");
  CHECK(wire(head) == "HTTP/1.1 200 OK\r\nserver: envoy\r\ncontent-length: 5\r\n\r\n");
  CHECK(wire(head, true) ==
        "HTTP/1.1 200 OK\r\nserver: envoy\r\ncontent-length: 5\r\nconnection: close\r\n\r\n");
  CHECK(wire(answer(599, BodyKind::kChunked)) ==
        "HTTP/1.1 599 Unknown\r\ntransfer-encoding: chunked\r\n\r\n");
  CHECK(wire(answer(200, BodyKind::kNone)) == "HTTP/1.1 200 OK\r\n\r\n");
}

TEST_CASE("http: 1xx, 204 and 304 carry no framing but the length that 304 announces") {
  CHECK(wire(answer(100, BodyKind::kLength, 3)) == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(wire(answer(204, BodyKind::kLength, 3)) == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(wire(answer(304, BodyKind::kChunked)) == "HTTP/1.1 304 Not Modified\r\n\r\n");
  CHECK(wire(answer(304, BodyKind::kLength, 9)) ==
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n");
  CHECK(wire(answer(100, BodyKind::kNone), true) == "HTTP/1.1 100 Continue\r\n\r\n");
  ResponseHead upgrade = answer(101, BodyKind::kNone);
  upgrade.upgrade = true;
  CHECK(wire(upgrade) ==
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
}

TEST_CASE("http: chunks have hexadecimal sizes and a last one") {
  Buffer out;
  encode_chunk_begin(0x1f, out);
  encode_chunk_end(out);
  encode_last_chunk(out);
  CHECK(out.view() == "1f\r\n\r\n0\r\n\r\n");
}

}  // namespace sm::http
