// SPDX-License-Identifier: Apache-2.0
// Requests: where the input is cut changes nothing; what the encoder makes of an accepted request
// has one framing and is read back as the same request. The first octet chooses the cut.
#include "fuzz/require.h"
#include "http/h1_encoder.h"
#include "http/hop_by_hop.h"
#include "support/h1_transcript.h"

namespace sm::http {
namespace {

using fuzz::require;
using fuzz::require_same;
using test::RequestRecorder;

// What the next hop must understand: everything but the form in which the target came, and
// hop-by-hop fields.
std::string meaning(const RequestHead& head, std::string_view body) {
  RequestHead copy = head;
  const auto error = strip_hop_by_hop(copy);
  require(!error, "a request that may be forwarded");
  copy.headers.remove("host");
  return fmt::format("{} {} {} [{}] {} {} {} {}\n{}", copy.method, copy.path, copy.authority,
                     test::describe(copy.headers), static_cast<int>(copy.body), copy.content_length,
                     copy.upgrade_websocket, copy.expect_continue, body);
}

std::string encode(RequestHead head, std::string_view body) {
  require(!strip_hop_by_hop(head), "a request that may be forwarded");
  Buffer out;
  encode_request_head(head, out);
  if (head.body == BodyKind::kChunked) {
    if (!body.empty()) {
      encode_chunk_begin(body.size(), out);
      out.append(body);
      encode_chunk_end(out);
    }
    encode_last_chunk(out);
  } else {
    out.append(body);
  }
  return std::string(out.view());
}

void check_forwarding(std::string_view wire) {
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  const FeedResult result = decoder.feed(test::as_bytes(wire));
  if (result.error || recorder.heads.empty() || recorder.ends != 1) return;
  const RequestHead& head = recorder.heads.front();
  RequestHead forwardable = head;
  if (head.upgrade_other || strip_hop_by_hop(forwardable)) return;  // refused by the session

  const std::string sent = encode(head, recorder.body);
  RequestRecorder again;
  RequestDecoder reader(again);
  const FeedResult reread = reader.feed(test::as_bytes(sent));
  require(!reread.error, "what is forwarded is well-formed");
  require(reread.consumed == sent.size(), "what is forwarded is one message");
  require(again.heads.size() == 1 && again.ends == 1, "what is forwarded is one whole message");
  const Headers& fields = again.heads.front().headers;
  require(fields.count("content-length") + fields.count("transfer-encoding") <= 1, "one framing");
  require(fields.count("host") == 1, "one host");
  require_same(meaning(head, recorder.body), meaning(again.heads.front(), again.body),
               "what is forwarded means what was received");
}

}  // namespace
}  // namespace sm::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = data[0] == 0 ? 1 : data[0];
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  sm::fuzz::require_same(sm::http::test::read_requests(wire, wire.size()),
                         sm::http::test::read_requests(wire, piece), "cuts change nothing");
  sm::http::check_forwarding(wire);
  return 0;
}
