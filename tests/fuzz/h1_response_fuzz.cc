// SPDX-License-Identifier: Apache-2.0
// Responses: where the input is cut changes nothing; what the encoder makes of an accepted response
// has one framing and is read back as the same response. The first octet chooses the cut and, by
// its highest bit, the method of the request.
#include "fuzz/require.h"
#include "http/h1_encoder.h"
#include "http/hop_by_hop.h"
#include "support/h1_transcript.h"

namespace sm::http {
namespace {

using fuzz::require;
using fuzz::require_same;
using test::ResponseRecorder;

std::string meaning(const ResponseHead& head, std::string_view body) {
  ResponseHead copy = head;
  strip_hop_by_hop(copy);
  return fmt::format("{} [{}] {} {}\n{}", copy.status, test::describe(copy.headers),
                     static_cast<int>(copy.body), copy.content_length, body);
}

// As the session forwards it: a body that ended with the connection goes on in chunks.
ResponseHead forwarded(ResponseHead head) {
  strip_hop_by_hop(head);
  if (head.body == BodyKind::kUntilClose) head.body = BodyKind::kChunked;
  return head;
}

std::string encode(const ResponseHead& head, std::string_view body, bool no_body) {
  Buffer out;
  encode_response_head(head, false, out);
  if (no_body || head.status < 200) return std::string(out.view());
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

void check_forwarding(std::string_view wire, std::string_view method) {
  ResponseRecorder recorder;
  ResponseDecoder decoder(recorder);
  decoder.expect(method, false);
  if (decoder.feed(test::as_bytes(wire)).error || !decoder.finish()) return;
  const ResponseHead head = forwarded(recorder.heads.back());
  const bool no_body = method == "HEAD" || head.status == 204 || head.status == 304;
  const std::string sent = encode(head, recorder.body, no_body);

  ResponseRecorder again;
  ResponseDecoder reader(again);
  reader.expect(method, false);
  const FeedResult reread = reader.feed(test::as_bytes(sent));
  require(!reread.error, "what is forwarded is well-formed");
  require(reread.consumed == sent.size() && reader.message_complete(),
          "what is forwarded is one whole message");
  const Headers& fields = again.heads.front().headers;
  require(fields.count("content-length") + fields.count("transfer-encoding") <= 1, "one framing");
  ResponseHead reference = head;
  // The framing that announces nothing cannot be told from none.
  if (no_body && reference.body == BodyKind::kChunked) reference.body = BodyKind::kNone;
  require_same(meaning(reference, recorder.body), meaning(again.heads.front(), again.body),
               "what is forwarded means what was received");
}

}  // namespace
}  // namespace sm::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view method = (data[0] & 0x80) != 0 ? "HEAD" : "GET";
  const std::size_t piece = (data[0] & 0x7fU) + 1U;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
  sm::fuzz::require_same(sm::http::test::read_response(wire, wire.size(), method),
                         sm::http::test::read_response(wire, piece, method), "cuts change nothing");
  sm::http::check_forwarding(wire, method);
  return 0;
}
