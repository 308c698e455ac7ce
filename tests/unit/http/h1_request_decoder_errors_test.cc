// SPDX-License-Identifier: Apache-2.0
// Every refusal of istio-behaviour.md 8.3, by status, body and details.
#include <doctest/doctest.h>

#include "base/limits.h"
#include "http/h1_decoder.h"
#include "support/h1_transcript.h"

namespace sm::http {
using test::as_bytes;
using test::read_requests;

namespace {

struct Row {
  std::string what;
  std::string wire;
  std::string answer;  // "status body details", or "" when it is accepted
};

const std::string kHost = "Host: a\r\n";

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\n" + kHost + fields + "\r\n";
}
std::string line(const std::string& text) { return text + "\r\n" + kHost + "\r\n"; }
std::string chunks(const std::string& body) {
  return "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n" + body;
}

constexpr const char* kBad = "400 Bad Request http1.codec_error";
constexpr const char* kBadUrl = "400 Bad Request http1.invalid_url";
constexpr const char* kOld = "426 Upgrade Required low_version";
constexpr const char* kCoding = "501 Not Implemented http1.invalid_transfer_encoding";
constexpr const char* kLarge = "431 Request Header Fields Too Large http1.headers_too_large";
constexpr const char* kMany = "431 Request Header Fields Too Large http1.too_many_headers";
constexpr const char* kGood = "";

std::string many(int count) {
  std::string fields;
  for (int i = 0; i < count; ++i) fields += "x: y\r\n";
  return fields;
}

std::string answer_to(const std::string& wire) {
  const std::string text = read_requests(wire, wire.size());
  const std::size_t at = text.find("error ");
  return at == std::string::npos ? "" : text.substr(at + 6, text.find('\n', at) - at - 6);
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(answer_to(row.wire) == row.answer);
  }
}

}  // namespace

TEST_CASE("http: malformed request lines and old versions are refused") {
  check({
      {"plain", line("GET / HTTP/1.1"), kGood},
      {"1.0", line("GET / HTTP/1.0"), kOld},
      {"1.0 without Host", "GET / HTTP/1.0\r\n\r\n", kOld},
      {"1.2", line("GET / HTTP/1.2"), kOld},
      {"2.0", line("GET / HTTP/2.0"), kOld},
      {"version cut", line("GET / HTTP/1"), kBad},
      {"version word", line("GET / HTTP/1.1x"), kBad},
      {"lower case", line("GET / http/1.1"), kBad},
      {"no version (0.9)", "GET /\r\n", kBad},
      {"another protocol", line("SETUP / RTSP/1.0"), kBad},
      {"RTSP with an HTTP method", line("GET / RTSP/1.0"), kBad},
      {"unknown method", line("FOO / HTTP/1.1"), kBad},
      {"method in lower case", line("get / HTTP/1.1"), kBad},
      {"method with a colon", line("GET: / HTTP/1.1"), kBad},
      {"PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", kBad},
      {"PATCH", line("PATCH / HTTP/1.1"), kGood},
      {"PURGE", line("PURGE / HTTP/1.1"), kGood},
      {"M-SEARCH", line("M-SEARCH / HTTP/1.1"), kGood},
      {"two spaces", line("GET  / HTTP/1.1"), kBadUrl},
      {"space before the version", line("GET /  HTTP/1.1"), kBadUrl},
      {"tab", line("GET\t/ HTTP/1.1"), kBad},
      {"space in front", line(" GET / HTTP/1.1"), kBad},
      {"space behind", line("GET / HTTP/1.1 "), kBad},
      {"TLS", "\x16\x03\x01\x02", kBad},
  });
}

TEST_CASE("http: request targets that are none, or not for us, are refused") {
  check({
      {"tab inside", line("GET /a\tb HTTP/1.1"), kBadUrl},
      {"outside ASCII", line("GET /caf\xc3\xa9 HTTP/1.1"), kBadUrl},
      {"no slash", line("GET a HTTP/1.1"), kBadUrl},
      {"another scheme", line("GET ftp://a/ HTTP/1.1"), kBadUrl},
      {"user information", line("GET http://u@a/ HTTP/1.1"), kBadUrl},
      {"no authority", line("GET http:///x HTTP/1.1"), kBadUrl},
      {"https", line("GET https://a/ HTTP/1.1"),
       "403 Forbidden http1.https_url_on_plaintext_connection"},
      {"OPTIONS *", line("OPTIONS * HTTP/1.1"), "404  absolute_path_rejected"},
      {"CONNECT", line("CONNECT a:1 HTTP/1.1"), "403  upgrade_failed"},
      {"CONNECT with a body", "CONNECT a:1 HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\n\r\nx",
       "400 Bad Request http1.body_disallowed"},
      {"CONNECT with chunks",
       "CONNECT a:1 HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n",
       "400 Bad Request http1.body_disallowed"},
      {"CONNECT with length 0", "CONNECT a:1 HTTP/1.1\r\n" + kHost + "Content-Length: 0\r\n\r\n",
       "403  upgrade_failed"},
  });
}

TEST_CASE("http: Host is there once and is a host") {
  check({
      {"none", "GET / HTTP/1.1\r\n\r\n", "400  missing_host_header"},
      {"none with an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n",
       "400  missing_host_header"},
      {"two", get("Host: b\r\n"), kBad},
      {"two equal", get("host: a\r\n"), kBad},
      {"empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", kBad},
      {"user information", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", kBad},
      {"path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", kBad},
      {"space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", kBad},
      {"bad behind an absolute target", "GET http://a/ HTTP/1.1\r\nHost: a/b\r\n\r\n", kBad},
      {"IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", kGood},
  });
}

TEST_CASE("http: lines that two parsers could read in two ways are refused") {
  check({
      {"bare LF behind the request line", "GET / HTTP/1.1\n" + kHost + "\r\n", kBad},
      {"bare LF behind a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", kBad},
      {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", kBad},
      {"lone CR in a value", get("A: b\rc\r\n"), kBad},
      {"lone CR in front of the end", "GET / HTTP/1.1\r\nHost: a\r\n\rX", kBad},
      {"CR CR LF", get("A: b\r\r\n"), kBad},
      {"folded line", get("A: b\r\n c\r\n"), kBad},
      {"folded with a tab", get("A: b\r\n\tc\r\n"), kBad},
      {"white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", kBad},
      {"one empty line", "\r\n" + get(""), kGood},
      {"two empty lines", "\r\n\r\n" + get(""), kBad},
      {"bare LF in front", "\n" + get(""), kBad},
      {"CR in front", "\r" + get(""), kBad},
      {"no colon", get("abc\r\n"), kBad},
      {"no name", get(": b\r\n"), kBad},
      {"space before the colon", get("A : b\r\n"), kBad},
      {"tab before the colon", get("A\t: b\r\n"), kBad},
      {"space in a name", get("A b: c\r\n"), kBad},
      {"parenthesis in a name", get("A(b: c\r\n"), kBad},
      {"outside ASCII in a name", get("caf\xc3\xa9: c\r\n"), kBad},
      {"NUL in a value", get(std::string("A: b\0c\r\n", 8)), kBad},
      {"NUL in a name", get(std::string("A\0: c\r\n", 7)), kBad},
      {"bell in a value", get("A: b\x07\r\n"), kBad},
      {"DEL in a value", get("A: b\x7f\r\n"), kBad},
      {"tab in a value", get("A: b\tc\r\n"), kGood},
      {"outside ASCII in a value", get("A: caf\xc3\xa9\r\n"), kGood},
      {"underscore in a name", get("a_b: c\r\n"), kGood},
  });
}

TEST_CASE("http: body framing has one meaning or the request is refused") {
  check({
      {"length", get("Content-Length: 0\r\n"), kGood},
      {"two equal lengths", get("Content-Length: 0\r\nContent-Length: 0\r\n"), kBad},
      {"two lengths", get("Content-Length: 0\r\ncontent-length: 1\r\n"), kBad},
      {"list of lengths", get("Content-Length: 0, 0\r\n"), kBad},
      {"plus", get("Content-Length: +1\r\n"), kBad},
      {"minus", get("Content-Length: -1\r\n"), kBad},
      {"hexadecimal", get("Content-Length: 0x1\r\n"), kBad},
      {"inner space", get("Content-Length: 1 1\r\n"), kBad},
      {"empty length", get("Content-Length:\r\n"), kBad},
      {"overflow", get("Content-Length: 18446744073709551616\r\n"), kBad},
      {"beyond a signed number", get("Content-Length: 9223372036854775808\r\n"), kBad},
      {"length and coding", get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), kBad},
      {"gzip, chunked", get("Transfer-Encoding: gzip, chunked\r\n"), kCoding},
      {"chunked, gzip", get("Transfer-Encoding: chunked, gzip\r\n"), kCoding},
      {"gzip", get("Transfer-Encoding: gzip\r\n"), kCoding},
      {"identity", get("Transfer-Encoding: identity\r\n"), kCoding},
      {"xchunked", get("Transfer-Encoding: xchunked\r\n"), kCoding},
      {"empty coding", get("Transfer-Encoding:\r\n"), kCoding},
      {"chunked twice", get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       kCoding},
      {"chunked, chunked", get("Transfer-Encoding: chunked, chunked\r\n"), kCoding},
      {"chunked in 1.0", "POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n",
       kOld},
  });
  // Coding before length: llhttp itself may be the one that finds it.
  CHECK(answer_to(get("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")).starts_with("400 "));
}

TEST_CASE("http: heads over the limits are refused, heads at the limits are not") {
  const std::string frame = get("");
  const std::size_t room = kHeadBytesMax - frame.size() - 5;  // "a: " and CR LF
  check({
      {"100 fields", get(many(99)), kGood},
      {"101 fields", get(many(100)), kMany},
      {"exactly 60 KiB", get("a: " + std::string(room, 'x') + "\r\n"), kGood},
      {"one octet more", get("a: " + std::string(room + 1, 'x') + "\r\n"), kLarge},
      {"a long request line", "GET /" + std::string(kHeadBytesMax, 'x'), kLarge},
  });
}

TEST_CASE("http: chunked bodies are framed exactly or refused") {
  check({
      {"good", chunks("1\r\na\r\n0\r\n\r\n"), kGood},
      {"upper and lower hexadecimal", chunks("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"),
       kGood},
      {"no digits", chunks("\r\na\r\n"), kBad},
      {"not a number", chunks("g\r\n"), kBad},
      {"0x", chunks("0x1\r\na\r\n"), kBad},
      {"sign", chunks("-1\r\n"), kBad},
      {"leading space", chunks(" 1\r\na\r\n"), kBad},
      {"trailing space", chunks("1 \r\na\r\n0\r\n\r\n"), kBad},
      {"overflow", chunks("10000000000000001\r\na\r\n"), kBad},
      {"bare LF behind the size", chunks("1\na\r\n0\r\n\r\n"), kBad},
      {"bare LF behind the data", chunks("1\r\na\n0\r\n\r\n"), kBad},
      {"data too long", chunks("1\r\nab\r\n0\r\n\r\n"), kBad},
      {"lone CR in an extension", chunks("1;a\rb\r\na\r\n"), kBad},
      {"LF in an extension", chunks("1;a\nb\r\na\r\n"), kBad},
      {"NUL in an extension", chunks(std::string("1;a\0b\r\na\r\n", 10)), kBad},
      {"extension at the limit",
       chunks("1;" + std::string(kChunkLineBytesMax - 2, 'a') + "\r\na\r\n0\r\n\r\n"), kGood},
      {"extension over the limit",
       chunks("1;" + std::string(kChunkLineBytesMax - 1, 'a') + "\r\na\r\n0\r\n\r\n"), kBad},
      {"trailer", chunks("0\r\nA: b\r\n\r\n"), kGood},
      {"bare LF behind a trailer", chunks("0\r\nA: b\n\r\n"), kBad},
      {"bare LF at the end", chunks("0\r\n\n"), kBad},
      {"folded trailer", chunks("0\r\nA: b\r\n c\r\n\r\n"), kBad},
      {"space in a trailer name", chunks("0\r\nA b: c\r\n\r\n"), kBad},
      {"control in a trailer", chunks("0\r\nA: b\x01\r\n\r\n"), kBad},
      {"100 trailers", chunks("0\r\n" + many(100) + "\r\n"), kGood},
      {"101 trailers", chunks("0\r\n" + many(101) + "\r\n"), kBad},
      {"60 KiB of trailers", chunks("0\r\nA: " + std::string(kTrailerBytesMax, 'x') + "\r\n\r\n"),
       kBad},
  });
}

TEST_CASE("http: a malformed line is refused as soon as it is there, without the end of the head") {
  test::RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  CHECK(decoder.feed(as_bytes("SSH-2.0-OpenSSH_9.2\r\n")).error.has_value());
  CHECK(recorder.heads.empty());
}

TEST_CASE("http: a decoder that has failed stays failed") {
  test::RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  CHECK(decoder.feed(as_bytes("FOO / HTTP/1.1\r\n")).error.has_value());
  const FeedResult again = decoder.feed(as_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(again.error.has_value());
  CHECK(again.consumed == 0);
  CHECK(recorder.heads.empty());
}

}  // namespace sm::http
