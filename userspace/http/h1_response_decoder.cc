// SPDX-License-Identifier: Apache-2.0
// Responses: whatever is malformed is one error, which the proxy answers with 502 `protocol error`
// (istio-behaviour.md 3.7).
#include "base/limits.h"
#include "http/h1_decoder.h"
#include "http/h1_fields.h"
#include "http/h1_reader.h"

namespace sm::http {
namespace {

ProtocolError bad_response(std::string details = "http1.codec_error") {
  return {502, "Bad Gateway", std::move(details)};
}

// "HTTP/1.x NNN" with an optional reason behind a space. The status, or 0.
int status_of(std::string_view line) {
  if (line.size() < 12 || !line.starts_with("HTTP/1.")) return 0;
  if ((line[7] != '0' && line[7] != '1') || line[8] != ' ') return 0;
  if (line.size() > 12 && line[12] != ' ') return 0;
  int status = 0;
  for (const char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status >= 100 ? status : 0;
}

}  // namespace

class ResponseDecoder::Impl final : public H1Reader {
 public:
  explicit Impl(ResponseEvents& events) : H1Reader(HTTP_RESPONSE), x_events(events) {}

  void expect(std::string_view method, bool upgrade_allowed) {
    if (complete()) next_message();
    x_no_body = method == "HEAD";
    x_upgrade_allowed = upgrade_allowed;
    x_head_seen = false;
    x_interim_heads = 0;
  }
  bool head_seen() const { return x_head_seen; }

 private:
  ProtocolError refuse(HeadReader::Status why) const override {
    if (why == HeadReader::Status::kTooLarge) return bad_response("http1.headers_too_large");
    if (why == HeadReader::Status::kTooMany) return bad_response("http1.too_many_headers");
    return bad_response();
  }

  std::optional<ProtocolError> take_first_line(std::string_view line) override {
    if (status_of(line) == 0) return bad_response();
    return std::nullopt;
  }

  std::optional<ProtocolError> take_head(const HeadReader& raw, BodyAhead& ahead) override {
    const std::string_view line = raw.first_line();
    const HeadFacts facts = read_facts(raw.fields());
    ResponseHead head;
    head.status = status_of(line);
    if (line.size() > 13) head.reason = line.substr(13);
    head.headers = to_headers(raw.fields());
    head.head_bytes = raw.bytes();
    const bool old = line[7] == '0';
    head.keep_alive = old ? facts.keep_alive && !facts.close : !facts.close;
    // RFC 9112 section 6.1: a coding in a 1.0 message means that its framing cannot be trusted.
    if (facts.transfer_encodings > 0 && old) return bad_response("http1.invalid_transfer_encoding");
    if (head.status < 200) return take_interim(std::move(head), ahead);

    if (facts.content_lengths > 0 && facts.transfer_encodings > 0) {
      return bad_response();
    }
    if (facts.content_lengths > 1 || !facts.length_valid) return bad_response();
    if (facts.transfer_encodings > 0 && (facts.transfer_encodings > 1 || !facts.chunked)) {
      return bad_response("http1.invalid_transfer_encoding");
    }
    const bool empty = x_no_body || head.status == 204 || head.status == 304;
    if (facts.content_lengths > 0 && head.status != 204) {
      head.body = BodyKind::kLength;
      head.content_length = facts.content_length;
    } else if (!empty) {
      head.body = facts.chunked ? BodyKind::kChunked : BodyKind::kUntilClose;
    }
    if (head.body == BodyKind::kUntilClose) head.keep_alive = false;
    if (!empty) {
      ahead.kind = head.body;
      ahead.length = head.content_length;
    }
    x_head_seen = true;
    x_events.on_response_head(std::move(head));
    return std::nullopt;
  }

  std::optional<ProtocolError> take_interim(ResponseHead&& head, BodyAhead& ahead) {
    if (head.status == 101) {
      if (!x_upgrade_allowed) return bad_response("http1.unexpected_upgrade");
      head.upgrade = true;
      x_head_seen = true;
    } else {
      if (++x_interim_heads > kInterimHeadsMax) return bad_response("http1.too_many_interim_heads");
      ahead.interim = true;
    }
    x_events.on_response_head(std::move(head));
    return std::nullopt;
  }

  void take_body(std::span<const std::uint8_t> data) override { x_events.on_response_body(data); }
  void take_end() override { x_events.on_response_end(); }

  ResponseEvents& x_events;
  bool x_no_body = false;
  bool x_upgrade_allowed = true;
  bool x_head_seen = false;
  std::size_t x_interim_heads = 0;
};

ResponseDecoder::ResponseDecoder(ResponseEvents& events) : x_impl(std::make_unique<Impl>(events)) {}
ResponseDecoder::~ResponseDecoder() = default;
void ResponseDecoder::expect(std::string_view request_method, bool upgrade_allowed) {
  x_impl->expect(request_method, upgrade_allowed);
}
FeedResult ResponseDecoder::feed(std::span<const std::uint8_t> data) { return x_impl->feed(data); }
bool ResponseDecoder::finish() { return x_impl->finish(); }
bool ResponseDecoder::message_complete() const { return x_impl->complete(); }
bool ResponseDecoder::head_seen() const { return x_impl->head_seen(); }
void ResponseDecoder::pause() { x_impl->pause(); }

}  // namespace sm::http
