// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "http/h1_decoder.h"
#include "support/h1_transcript.h"

namespace sm::http {
using test::as_bytes;
using test::read_response;
using test::ResponseRecorder;

namespace {

std::string ok(const std::string& fields, const std::string& body = "") {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}

}  // namespace

TEST_CASE("http: response bodies end by length, by the last chunk, or with the connection") {
  CHECK(read_response(ok("Content-Length: 5\r\n", "helloX"), 100) ==
        "head 200 OK [content-length=5;] 1 5 keep=true upgrade=false 38\nbody "
        "hello\nend\nfinish=true left=1\n");
  CHECK(read_response(ok("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\nX"), 100) ==
        "head 200 OK [transfer-encoding=chunked;] 2 0 keep=true upgrade=false 47\nbody "
        "ab\nend\nfinish=true left=1\n");
  CHECK(read_response(ok("A: b\r\n", "all of it"), 100) ==
        "head 200 OK [a=b;] 3 0 keep=false upgrade=false 25\nbody all of it\nend\nfinish=true "
        "left=0\n");
  CHECK(
      read_response(ok("Content-Length: 0\r\n"), 100) ==
      "head 200 OK [content-length=0;] 1 0 keep=true upgrade=false 38\nend\nfinish=true left=0\n");
}

TEST_CASE("http: a response that is cut short does not finish") {
  for (const std::string& wire :
       {std::string("HTTP/1.1 2"), ok("Content-Length: 5\r\n", "hell"),
        ok("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n"), std::string()}) {
    CAPTURE(wire);
    CHECK(read_response(wire, 100).find("finish=false") != std::string::npos);
  }
}

TEST_CASE("http: HEAD, 204 and 304 have no body and keep the length that was announced") {
  CHECK(
      read_response(ok("Content-Length: 5\r\n", "X"), 100, "HEAD") ==
      "head 200 OK [content-length=5;] 1 5 keep=true upgrade=false 38\nend\nfinish=true left=1\n");
  CHECK(read_response(ok("Transfer-Encoding: chunked\r\n", "X"), 100, "HEAD") ==
        "head 200 OK [transfer-encoding=chunked;] 0 0 keep=true upgrade=false 47\nend\nfinish=true "
        "left=1\n");
  CHECK(read_response("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nX", 100) ==
        "head 204 No Content [content-length=5;] 0 0 keep=true upgrade=false 46\nend\nfinish=true "
        "left=1\n");
  CHECK(read_response("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nX", 100) ==
        "head 304 Not Modified [content-length=5;] 1 5 keep=true upgrade=false "
        "48\nend\nfinish=true left=1\n");
}

TEST_CASE("http: interim heads come before the final one, and not without end") {
  CHECK(read_response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                          ok("Content-Length: 1\r\n", "a"),
                      100) ==
        "head 100 Continue [] 0 0 keep=true upgrade=false 25\nhead 103 Early Hints [link=x;] 0 0 "
        "keep=true upgrade=false 37\n"
        "head 200 OK [content-length=1;] 1 1 keep=true upgrade=false 38\nbody a\nend\nfinish=true "
        "left=0\n");
  std::string endless;
  for (int i = 0; i < 40; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  CHECK(read_response(endless, endless.size()).find("error 502") != std::string::npos);
}

TEST_CASE("http: 101 ends HTTP when an upgrade was asked for and is an error otherwise") {
  const std::string wire =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  ResponseRecorder recorder;
  ResponseDecoder decoder(recorder);
  decoder.expect("GET", true);
  CHECK(decoder.feed(as_bytes(wire + "\x81\x01")).consumed == wire.size());
  CHECK(decoder.message_complete());
  CHECK(decoder.head_seen());
  CHECK(recorder.heads.at(0).upgrade);
  ResponseDecoder strict(recorder);
  strict.expect("GET", false);
  CHECK(strict.feed(as_bytes(wire)).error.has_value());
}

TEST_CASE("http: one decoder serves response after response") {
  ResponseRecorder recorder;
  ResponseDecoder decoder(recorder);
  decoder.expect("HEAD");
  decoder.feed(as_bytes(ok("Content-Length: 5\r\n")));
  CHECK(decoder.message_complete());
  decoder.expect("GET");
  CHECK_FALSE(decoder.message_complete());
  CHECK_FALSE(decoder.head_seen());
  decoder.feed(as_bytes(ok("Content-Length: 2\r\n", "ab")));
  CHECK(recorder.body == "ab");
  CHECK(recorder.ends == 2);
}

TEST_CASE("http: whether the upstream connection goes on") {
  const auto keep = [](const std::string& wire) {
    ResponseRecorder recorder;
    ResponseDecoder decoder(recorder);
    decoder.expect("GET");
    decoder.feed(as_bytes(wire));
    REQUIRE(recorder.heads.size() == 1);
    return recorder.heads[0].keep_alive;
  };
  CHECK(keep(ok("Content-Length: 0\r\n")));
  CHECK_FALSE(keep(ok("Content-Length: 0\r\nConnection: close\r\n")));
  CHECK_FALSE(keep("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  CHECK(keep("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n"));
  CHECK_FALSE(keep(ok("")));
}

TEST_CASE("http: malformed responses are errors") {
  const std::string wires[] = {
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.2 200 OK\r\n\r\n",
      "hello\r\n\r\n",
      "HTTP/1.1 200 OK\n\n",
      "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
      ok("A : b\r\n"),
      ok("A: b\r\n c\r\n"),
      ok("A\r\n"),
      ok("Content-Length: 1\r\nContent-Length: 1\r\n", "a"),
      ok("Content-Length: x\r\n"),
      ok("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
      ok("Transfer-Encoding: gzip, chunked\r\n"),
      ok("Transfer-Encoding: gzip\r\n"),
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ok("Transfer-Encoding: chunked\r\n", "z\r\n"),
      ok("X: " + std::string(70'000, 'x') + "\r\n"),
  };
  for (const std::string& wire : wires) {
    CAPTURE(wire.substr(0, 80));
    const std::string whole = read_response(wire, wire.size());
    CHECK(whole.find("error 502") != std::string::npos);
    CHECK(read_response(wire, 1) == whole);
  }
}

TEST_CASE("http: responses in any pieces say what they say in one piece") {
  const std::string wires[] = {
      ok("Content-Length: 5\r\nX: y\r\n", "hello"),
      "HTTP/1.1 100 Continue\r\n\r\n" +
          ok("Transfer-Encoding: chunked\r\n", "2;a\r\nab\r\n3\r\ncde\r\n0\r\nT: 1\r\n\r\n"),
      ok("A: b\r\n", "until the end"),
      "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
  };
  for (const std::string& wire : wires) {
    const std::string whole = read_response(wire, wire.size());
    CHECK(whole.find("finish=true") != std::string::npos);
    for (std::size_t piece = 1; piece < wire.size(); ++piece)
      CHECK(read_response(wire, piece) == whole);
  }
}

}  // namespace sm::http
