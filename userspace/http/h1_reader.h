// SPDX-License-Identifier: Apache-2.0
// H1Reader: what request and response decoders have in common: blank line, head, body, end, message
// after message. The derived decoder says what a head means and takes the events. Owned by that
// decoder, one thread.
#pragma once

#include <llhttp.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/h1_chunks.h"
#include "http/h1_decoder.h"
#include "http/h1_head.h"

namespace sm::http {

// What follows a head on the wire.
struct BodyAhead {
  BodyKind kind = BodyKind::kNone;
  std::uint64_t length = 0;  // for kLength
  bool interim = false;      // no body, and another head belongs to the same message
};

class H1Reader {
 public:
  H1Reader(const H1Reader&) = delete;
  H1Reader& operator=(const H1Reader&) = delete;

  FeedResult feed(std::span<const std::uint8_t> data);
  // The peer ended its direction: true when that ends a body delimited by the end of the
  // connection.
  bool finish();
  void next_message();
  void pause() { x_pause = true; }
  bool in_message() const { return x_state == State::kHead || x_state == State::kBody; }
  bool complete() const { return x_state == State::kComplete; }

 protected:
  explicit H1Reader(llhttp_type_t type);
  virtual ~H1Reader() = default;

  // The error for a head, line or body that the grammar does not have, or that is too much.
  virtual ProtocolError refuse(HeadReader::Status why) const = 0;
  virtual std::optional<ProtocolError> take_first_line(std::string_view line) = 0;
  // Delivers the head, and says in `ahead` what follows. An error ends the message instead.
  virtual std::optional<ProtocolError> take_head(const HeadReader& head, BodyAhead& ahead) = 0;
  virtual void take_body(std::span<const std::uint8_t> data) = 0;
  virtual void take_end() = 0;

 private:
  enum class State : std::uint8_t { kIdle, kHead, kBody, kComplete, kFailed };

  // Each takes octets from x_data at x_taken on; false ends the feed.
  bool step();
  bool read_blank_line();
  bool read_head();
  bool read_length();
  bool read_until_close();
  bool read_chunks();
  bool fail(ProtocolError error);
  void end_message();
  bool check_lines(std::size_t end);
  int on_chunk_data(const char* at, std::size_t size);

  static const llhttp_settings_t* settings();
  static H1Reader& of(llhttp_t* parser) { return *static_cast<H1Reader*>(parser->data); }

  llhttp_t x_parser{};
  HeadReader x_head;
  ChunkLines x_lines;
  State x_state = State::kIdle;
  BodyAhead x_ahead;
  std::uint64_t x_left = 0;  // of a body with a length
  std::size_t x_blank_lines = 0;
  bool x_blank_cr = false;
  bool x_pause = false;
  bool x_chunks_begun = false;
  bool x_chunks_done = false;

  // Of the feed at hand.
  std::span<const std::uint8_t> x_data;
  std::size_t x_taken = 0;
  bool x_ended = false;
  std::size_t x_head_from = 0;   // where x_data's part of the head begins
  std::size_t x_lines_from = 0;  // chunk octets of x_data before this were checked, or are data
  std::optional<ProtocolError> x_error;
};

}  // namespace sm::http
