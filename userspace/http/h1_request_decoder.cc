// SPDX-License-Identifier: Apache-2.0
// Requests: what is refused, with which answer (istio-behaviour.md 8.3), and what is handed on.
#include "http/authority.h"
#include "http/h1_decoder.h"
#include "http/h1_fields.h"
#include "http/h1_reader.h"

namespace sm::http {
namespace {

// A codec error carries its reason phrase as body, as Envoy's does.
ProtocolError bad_request(std::string details = "http1.codec_error") {
  return {400, "Bad Request", std::move(details)};
}

// The methods Envoy knows are those that llhttp knows for HTTP.
bool is_known_method(std::string_view method) {
  constexpr int kLast = HTTP_SOURCE;
  for (int i = 0; i <= kLast; ++i) {
    if (method == llhttp_method_name(static_cast<llhttp_method_t>(i))) return true;
  }
  return false;
}

struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;
};

// method SP target SP version, single spaces. Missing parts are empty.
RequestLine split_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos) return {line, {}, {}};
  const std::size_t last = line.rfind(' ');
  if (last == first) return {line.substr(0, first), line.substr(first + 1), {}};
  return {line.substr(0, first), line.substr(first + 1, last - first - 1), line.substr(last + 1)};
}

bool is_http_version(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 8 && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' &&
         digit(text[7]);
}

// RFC 9112 section 6.3 in its strict reading: whatever two parsers could understand in two ways is
// refused.
std::optional<ProtocolError> check_framing(const HeadFacts& facts) {
  if (facts.content_lengths > 0 && facts.transfer_encodings > 0) return bad_request();
  if (facts.content_lengths > 1 || !facts.length_valid) return bad_request();
  if (facts.transfer_encodings > 0 && (facts.transfer_encodings > 1 || !facts.chunked)) {
    return ProtocolError{501, "Not Implemented", "http1.invalid_transfer_encoding"};
  }
  return std::nullopt;
}

std::optional<ProtocolError> check_host(const HeadFacts& facts) {
  if (facts.hosts == 0) return ProtocolError{400, "", "missing_host_header"};
  if (facts.hosts > 1 || !is_valid_authority(facts.host)) return bad_request();
  return std::nullopt;
}

std::optional<ProtocolError> check_connect(const HeadFacts& facts) {
  if (facts.transfer_encodings > 0 || (facts.content_lengths > 0 && facts.content_length > 0)) {
    return bad_request("http1.body_disallowed");
  }
  // Tunnels are not offered.
  return ProtocolError{403, "", "upgrade_failed"};
}

std::optional<ProtocolError> check_target(const Target& target) {
  switch (target.form) {
    case TargetForm::kOrigin:
      return std::nullopt;
    case TargetForm::kAsterisk:
      return ProtocolError{404, "", "absolute_path_rejected"};
    case TargetForm::kAbsoluteTls:
      return ProtocolError{403, "Forbidden", "http1.https_url_on_plaintext_connection"};
    case TargetForm::kAbsolute:
      if (is_valid_authority(target.authority)) return std::nullopt;
      break;
    case TargetForm::kBad:
      break;
  }
  return bad_request("http1.invalid_url");
}

}  // namespace

class RequestDecoder::Impl final : public H1Reader {
 public:
  explicit Impl(RequestEvents& events) : H1Reader(HTTP_REQUEST), x_events(events) {}

 private:
  ProtocolError refuse(HeadReader::Status why) const override {
    switch (why) {
      case HeadReader::Status::kTooLarge:
        return {431, "Request Header Fields Too Large", "http1.headers_too_large"};
      case HeadReader::Status::kTooMany:
        return {431, "Request Header Fields Too Large", "http1.too_many_headers"};
      case HeadReader::Status::kBadCoding:
        return {501, "Not Implemented", "http1.invalid_transfer_encoding"};
      default:
        return bad_request();
    }
  }

  // Looked at before the fields arrive: a client of another protocol gets its answer although no
  // empty line ever comes.
  std::optional<ProtocolError> take_first_line(std::string_view text) override {
    const RequestLine line = split_request_line(text);
    if (!is_known_method(line.method)) return bad_request();
    if (!is_http_version(line.version)) return bad_request();
    const bool connect =
        line.method == "CONNECT";  // its target is an authority; it is refused later
    if (!connect && split_target(line.target).form == TargetForm::kBad) {
      return bad_request("http1.invalid_url");
    }
    if (line.version != "HTTP/1.1") return ProtocolError{426, "Upgrade Required", "low_version"};
    return std::nullopt;
  }

  std::optional<ProtocolError> take_head(const HeadReader& raw, BodyAhead& ahead) override {
    const RequestLine line = split_request_line(raw.first_line());
    const HeadFacts facts = read_facts(raw.fields());
    if (auto error = check_framing(facts)) return error;
    if (auto error = check_host(facts)) return error;
    if (line.method == "CONNECT") return check_connect(facts);
    const Target target = split_target(line.target);
    if (auto error = check_target(target)) return error;

    RequestHead head;
    head.method = line.method;
    head.target = line.target;
    if (target.form == TargetForm::kAbsolute) {
      // RFC 9112 section 3.2.2: the target's authority replaces Host.
      head.authority = target.authority;
      if (!target.path.starts_with('/')) head.path = "/";
    } else {
      head.authority = facts.host;
    }
    head.path += target.path;
    head.headers = to_headers(raw.fields());
    head.keep_alive = !facts.close;
    head.expect_continue = facts.expect_continue;
    // RFC 9110 section 7.8: Upgrade counts only when Connection names it. A choice of several
    // protocols is not offered.
    head.upgrade_other = facts.upgrade && facts.upgrade_other;
    head.upgrade_websocket = facts.upgrade && facts.upgrade_websocket && !facts.upgrade_other;
    head.head_bytes = raw.bytes();
    if (facts.transfer_encodings > 0) {
      head.body = BodyKind::kChunked;
    } else if (facts.content_lengths > 0) {
      head.body = BodyKind::kLength;
      head.content_length = facts.content_length;
    }
    ahead.kind = head.body;
    ahead.length = head.content_length;
    x_events.on_request_head(std::move(head));
    return std::nullopt;
  }

  void take_body(std::span<const std::uint8_t> data) override { x_events.on_request_body(data); }
  void take_end() override { x_events.on_request_end(); }

  RequestEvents& x_events;
};

RequestDecoder::RequestDecoder(RequestEvents& events) : x_impl(std::make_unique<Impl>(events)) {}
RequestDecoder::~RequestDecoder() = default;
FeedResult RequestDecoder::feed(std::span<const std::uint8_t> data) { return x_impl->feed(data); }
bool RequestDecoder::in_message() const { return x_impl->in_message(); }
bool RequestDecoder::message_complete() const { return x_impl->complete(); }
void RequestDecoder::next_message() { x_impl->next_message(); }
void RequestDecoder::pause() { x_impl->pause(); }

}  // namespace sm::http
