// SPDX-License-Identifier: Apache-2.0
// What a decoder says, as one text: two decoders that say the same have equal transcripts. Body
// pieces that follow each other are joined, because where a body is cut means nothing.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/h1_decoder.h"

namespace sm::http::test {

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()),
          text.size()};  // NOLINT: text as bytes
}

inline std::string describe(const Headers& headers) {
  std::string out;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    out += fmt::format("{}={};", headers.at(i).name, headers.at(i).value);
  }
  return out;
}

class Transcript {
 public:
  void add_body(std::span<const std::uint8_t> data) {
    if (!x_in_body) x_text += "body ";
    x_in_body = true;
    x_text.append(reinterpret_cast<const char*>(data.data()),
                  data.size());  // NOLINT: bytes as text
  }
  void add(std::string_view line) {
    if (x_in_body) x_text += "\n";
    x_in_body = false;
    x_text += line;
    x_text += "\n";
  }
  const std::string& text() const { return x_text; }

 private:
  std::string x_text;
  bool x_in_body = false;
};

class RequestRecorder final : public RequestEvents {
 public:
  void on_request_head(RequestHead&& head) override {
    x_transcript.add(fmt::format("head {} {} {} [{}] {} {} keep={} expect={} ws={} other={} {}",
                                 head.method, head.path, head.authority, describe(head.headers),
                                 static_cast<int>(head.body), head.content_length, head.keep_alive,
                                 head.expect_continue, head.upgrade_websocket, head.upgrade_other,
                                 head.head_bytes));
    heads.push_back(std::move(head));
    if (pause_on_head != nullptr) pause_on_head->pause();
  }
  void on_request_body(std::span<const std::uint8_t> data) override {
    x_transcript.add_body(data);
    body.append(reinterpret_cast<const char*>(data.data()), data.size());  // NOLINT: bytes as text
    if (pause_on_body != nullptr) pause_on_body->pause();
  }
  void on_request_end() override {
    x_transcript.add("end");
    ++ends;
  }
  void add(std::string_view line) { x_transcript.add(line); }
  const std::string& text() const { return x_transcript.text(); }

  std::vector<RequestHead> heads;
  std::string body;
  int ends = 0;
  RequestDecoder* pause_on_head = nullptr;
  RequestDecoder* pause_on_body = nullptr;

 private:
  Transcript x_transcript;
};

class ResponseRecorder final : public ResponseEvents {
 public:
  void on_response_head(ResponseHead&& head) override {
    x_transcript.add(fmt::format("head {} {} [{}] {} {} keep={} upgrade={} {}", head.status,
                                 head.reason, describe(head.headers), static_cast<int>(head.body),
                                 head.content_length, head.keep_alive, head.upgrade,
                                 head.head_bytes));
    heads.push_back(std::move(head));
  }
  void on_response_body(std::span<const std::uint8_t> data) override {
    x_transcript.add_body(data);
    body.append(reinterpret_cast<const char*>(data.data()), data.size());  // NOLINT: bytes as text
  }
  void on_response_end() override {
    x_transcript.add("end");
    ++ends;
  }
  void add(std::string_view line) { x_transcript.add(line); }
  const std::string& text() const { return x_transcript.text(); }

  std::vector<ResponseHead> heads;
  std::string body;
  int ends = 0;

 private:
  Transcript x_transcript;
};

// Feeds `wire` in pieces of `piece` octets, message after message, until it is used up or refused.
inline std::string read_requests(std::string_view wire, std::size_t piece) {
  RequestRecorder recorder;
  RequestDecoder decoder(recorder);
  while (!wire.empty()) {
    // The piece lives in a block of its own, so that a view kept beyond its feed is caught by the
    // sanitizer.
    std::string block(wire.substr(0, piece));
    std::size_t used = 0;
    while (used < block.size()) {
      const FeedResult result = decoder.feed(as_bytes(std::string_view(block).substr(used)));
      used += result.consumed;
      if (result.error) {
        recorder.add(fmt::format("error {} {} {}", result.error->status, result.error->body,
                                 result.error->details));
        return recorder.text();
      }
      if (decoder.message_complete()) {
        decoder.next_message();
      } else if (result.consumed == 0) {
        recorder.add("stuck");
        return recorder.text();
      }
    }
    wire.remove_prefix(block.size());
  }
  return recorder.text();
}

// One response (with its interim heads) to `method`, then the end of the stream. What is left over
// is counted.
inline std::string read_response(std::string_view wire, std::size_t piece,
                                 std::string_view method = "GET") {
  ResponseRecorder recorder;
  ResponseDecoder decoder(recorder);
  decoder.expect(method);
  std::size_t left = wire.size();
  while (!wire.empty() && !decoder.message_complete()) {
    std::string block(wire.substr(0, piece));
    const FeedResult result = decoder.feed(as_bytes(block));
    if (result.error) {
      recorder.add(fmt::format("error {} {}", result.error->status, result.error->details));
      return recorder.text();
    }
    left -= result.consumed;
    wire.remove_prefix(block.size());
  }
  const bool whole = decoder.finish();
  recorder.add(fmt::format("finish={} left={}", whole, left));
  return recorder.text();
}

}  // namespace sm::http::test
