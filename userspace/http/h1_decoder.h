// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 decoders, sans I/O: bytes in, events out, strict (RFC 9112; llhttp without lenient flags
// plus our own checks). One decoder serves one connection, message after message. Owned by a
// session, one thread.
//
// feed() consumes what belongs to the message at hand and stops at its end, so bytes of a pipelined
// next message (or of the protocol after an upgrade) stay with the caller until next_message() is
// called. Events are called from inside feed(); body spans point into the bytes given to feed(). An
// event may call pause(): feed() then returns early with what it has consumed; the next feed() goes
// on. The end of a message that has no more bytes is delivered with its last event, paused or not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "http/message.h"

namespace sm::http {

class RequestEvents {
 public:
  virtual void on_request_head(RequestHead&& head) = 0;
  virtual void on_request_body(std::span<const std::uint8_t> data) = 0;
  virtual void on_request_end() = 0;  // trailers are dropped

 protected:
  ~RequestEvents() = default;
};

class ResponseEvents {
 public:
  // 1xx heads (other than 101) come through here too; the final head follows.
  virtual void on_response_head(ResponseHead&& head) = 0;
  virtual void on_response_body(std::span<const std::uint8_t> data) = 0;
  virtual void on_response_end() = 0;

 protected:
  ~ResponseEvents() = default;
};

struct FeedResult {
  std::size_t consumed = 0;
  std::optional<ProtocolError> error;  // the stream is unusable from here on
};

class RequestDecoder {
 public:
  explicit RequestDecoder(RequestEvents& events);
  ~RequestDecoder();
  RequestDecoder(const RequestDecoder&) = delete;
  RequestDecoder& operator=(const RequestDecoder&) = delete;

  FeedResult feed(std::span<const std::uint8_t> data);
  // True from the first byte of a message (blank line tolerance aside) to its end.
  bool in_message() const;
  bool message_complete() const;
  // Gets ready for the next message. Requires: message_complete().
  void next_message();
  void pause();

 private:
  class Impl;
  std::unique_ptr<Impl> x_impl;
};

class ResponseDecoder {
 public:
  explicit ResponseDecoder(ResponseEvents& events);
  ~ResponseDecoder();
  ResponseDecoder(const ResponseDecoder&) = delete;
  ResponseDecoder& operator=(const ResponseDecoder&) = delete;

  // To be called before the response of each request: HEAD decides that no body follows. A 101 is
  // an error unless the request asked for an upgrade.
  void expect(std::string_view request_method, bool upgrade_allowed = true);
  FeedResult feed(std::span<const std::uint8_t> data);
  // The upstream ended its direction. True: that completes the response (close-delimited body),
  // on_response_end was called. False: the response is cut short.
  bool finish();
  bool message_complete() const;
  bool head_seen() const;  // a final head was delivered
  void pause();

 private:
  class Impl;
  std::unique_ptr<Impl> x_impl;
};

}  // namespace sm::http
