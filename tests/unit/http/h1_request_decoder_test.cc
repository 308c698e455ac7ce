// SPDX-License-Identifier: Apache-2.0
// What is accepted, how it is reported, and that neither the cuts of the input nor a pause change
// it.
#include <doctest/doctest.h>

#include "http/h1_decoder.h"
#include "support/h1_transcript.h"

namespace sm::http {
using test::as_bytes;
using test::read_requests;
using test::RequestRecorder;

namespace {

RequestHead one_head(std::string_view wire) {
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  const FeedResult result = decoder.feed(as_bytes(wire));
  CAPTURE(wire);
  REQUIRE_FALSE(result.error.has_value());
  REQUIRE(recorder.heads.size() == 1);
  return std::move(recorder.heads.front());
}

}  // namespace

TEST_CASE("http: a request head is reported with lower-case names and trimmed values") {
  const std::string wire =
      "POST /a/b?c HTTP/1.1\r\nHost: shop:80\r\nX-A: \t one two \t\r\nX-Empty:\r\nContent-Length: "
      "3\r\n\r\n";
  const RequestHead head = one_head(wire);
  CHECK(head.method == "POST");
  CHECK(head.target == "/a/b?c");
  CHECK(head.path == "/a/b?c");
  CHECK(head.authority == "shop:80");
  CHECK(test::describe(head.headers) == "host=shop:80;x-a=one two;x-empty=;content-length=3;");
  CHECK(head.body == BodyKind::kLength);
  CHECK(head.content_length == 3);
  CHECK(head.keep_alive);
  CHECK(head.head_bytes == wire.size());
}

TEST_CASE("http: an absolute target replaces Host and may have no path") {
  const RequestHead full = one_head("GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(full.authority == "b:81");
  CHECK(full.path == "/p?q");
  CHECK(full.target == "http://b:81/p?q");
  CHECK(one_head("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n").path == "/");
  CHECK(one_head("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n").path == "/?q");
}

TEST_CASE("http: connection, expect and upgrade become facts of the head") {
  const auto with = [](const char* fields) {
    return one_head(std::string("GET / HTTP/1.1\r\nHost: a\r\n") + fields + "\r\n");
  };
  CHECK_FALSE(with("Connection: x, Close\r\n").keep_alive);
  CHECK(with("Connection: keep-alive\r\n").keep_alive);
  CHECK(with("Expect: 100-Continue\r\n").expect_continue);
  CHECK(with("Connection: Upgrade\r\nUpgrade: WebSocket\r\n").upgrade_websocket);
  CHECK_FALSE(with("Upgrade: websocket\r\n").upgrade_websocket);
  const RequestHead h2c =
      with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n");
  CHECK_FALSE(h2c.upgrade_websocket);
  CHECK_FALSE(h2c.upgrade_other);
  CHECK(with("Connection: upgrade\r\nUpgrade: foo\r\n").upgrade_other);
  const RequestHead choice = with("Connection: upgrade\r\nUpgrade: websocket, foo\r\n");
  CHECK(choice.upgrade_other);
  CHECK_FALSE(choice.upgrade_websocket);
}

TEST_CASE("http: bytes behind a message stay with the caller until the next message is asked for") {
  const std::string first = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string wire = first + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  CHECK_FALSE(decoder.in_message());
  CHECK(decoder.feed(as_bytes(wire)).consumed == first.size());
  CHECK(decoder.message_complete());
  CHECK(decoder.feed(as_bytes("GET")).consumed == 0);
  decoder.next_message();
  CHECK_FALSE(decoder.message_complete());
  CHECK_FALSE(decoder.in_message());
  CHECK(decoder.feed(as_bytes("GE")).consumed == 2);
  CHECK(decoder.in_message());
  CHECK(decoder.feed(as_bytes("T /2 HTTP/1.1\r\nHost: a\r\n\r\n")).consumed ==
        wire.size() - first.size() - 2);
  CHECK(recorder.heads.size() == 2);
  CHECK(recorder.ends == 2);
}

TEST_CASE("http: one empty line before a request is forgiven and begins no message") {
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  CHECK(decoder.feed(as_bytes("\r\n")).consumed == 2);
  CHECK_FALSE(decoder.in_message());
  CHECK(decoder.feed(as_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).consumed == 27);
  CHECK(recorder.heads.size() == 1);
}

TEST_CASE("http: chunked bodies come without framing, extensions and trailers") {
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  const std::string wire =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n "
      "world\r\n0;z\r\nTrailer-A: 1\r\nB: 2\r\n\r\n";
  const FeedResult result = decoder.feed(as_bytes(wire + "NEXT"));
  CHECK_FALSE(result.error.has_value());
  CHECK(result.consumed == wire.size());
  CHECK(recorder.body == "hello world");
  CHECK(recorder.ends == 1);
  CHECK(recorder.heads[0].body == BodyKind::kChunked);
  CHECK_FALSE(recorder.heads[0].headers.has("trailer-a"));
}

TEST_CASE("http: a pause after the head holds the body back, a pause in a body the rest of it") {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  recorder.pause_on_head = &decoder;
  recorder.pause_on_body = &decoder;
  const std::string wire = head + body;
  std::size_t at = decoder.feed(as_bytes(wire)).consumed;
  CHECK(at == head.size());
  CHECK(recorder.body.empty());
  at += decoder.feed(as_bytes(std::string_view(wire).substr(at))).consumed;
  CHECK(recorder.body == "abc");
  CHECK(at < wire.size());
  at += decoder.feed(as_bytes(std::string_view(wire).substr(at))).consumed;
  CHECK(recorder.body == "abcdef");
  CHECK(recorder.ends == 0);
  at += decoder.feed(as_bytes(std::string_view(wire).substr(at))).consumed;
  CHECK(at == wire.size());
  CHECK(recorder.ends == 1);
}

TEST_CASE("http: a message without a body ends with its head, paused or not") {
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  recorder.pause_on_head = &decoder;
  decoder.feed(as_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(recorder.ends == 1);
}

TEST_CASE("http: requests in any pieces say what they say in one piece") {
  const std::string wires[] = {
      "\r\nGET /a?b HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\nPOST /c HTTP/1.1\r\nHost: "
      "h\r\nContent-Length: 5\r\n\r\nhello"
      "\r\nPUT /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3;e=f\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nT: v\r\n\r\n"
      "GET http://x/y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / "
      "HTTP/1.0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\ndef\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(70'000, 'x'),
      "\r\n\r\nGET / HTTP/1.1\r\n",
  };
  for (const std::string& wire : wires) {
    const std::string whole = read_requests(wire, wire.size());
    for (std::size_t piece = 1; piece < 80; ++piece) {
      CAPTURE(piece);
      CHECK(read_requests(wire, piece) == whole);
    }
  }
  CHECK(read_requests(wires[0], 1).find("body abc0123456789abcdef\nend") != std::string::npos);
}

TEST_CASE("http: a feed that ends with the request line loses nothing of it") {
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  decoder.feed(as_bytes("GET /first HTTP/1.1\r\n"));
  decoder.feed(as_bytes("Host: a\r\n\r\n"));
  REQUIRE(recorder.heads.size() == 1);
  CHECK(recorder.heads[0].path == "/first");
}

TEST_CASE("http: a body of many megabytes passes through in the pieces it came in") {
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  decoder.feed(as_bytes("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n"));
  const std::string piece(64 * 1024, 'z');
  std::size_t sent = 0;
  while (!decoder.message_complete()) {
    const std::size_t consumed = decoder.feed(as_bytes(piece)).consumed;
    REQUIRE(consumed > 0);
    sent += consumed;
  }
  CHECK(sent == 20'000'000);
  CHECK(recorder.body.size() == 20'000'000);
}

}  // namespace sm::http
