// SPDX-License-Identifier: Apache-2.0
#include "http/h1_reader.h"

#include <algorithm>

#include "base/assert.h"
#include "base/limits.h"

namespace sm::http {

// llhttp's settings must outlive every parser and never change.
const llhttp_settings_t* H1Reader::settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    // Once the head is done the same callbacks report trailers, which are dropped.
    settings.on_header_field = [](llhttp_t* parser, const char* at, std::size_t size) {
      if (H1Reader& self = of(parser); self.x_state == State::kHead) self.x_head.on_name(at, size);
      return 0;
    };
    settings.on_header_value = [](llhttp_t* parser, const char* at, std::size_t size) {
      if (H1Reader& self = of(parser); self.x_state == State::kHead) self.x_head.on_value(at, size);
      return 0;
    };
    // We decide what a head means; llhttp waits there and goes on only for a chunked body.
    settings.on_headers_complete = [](llhttp_t* parser) {
      of(parser).x_head.on_end();
      return static_cast<int>(HPE_PAUSED);
    };
    settings.on_body = [](llhttp_t* parser, const char* at, std::size_t size) {
      return of(parser).on_chunk_data(at, size);
    };
    settings.on_message_complete = [](llhttp_t* parser) {
      of(parser).x_chunks_done = true;
      return static_cast<int>(HPE_PAUSED);
    };
    return settings;
  }();
  return &kSettings;
}

H1Reader::H1Reader(llhttp_type_t type) : x_head(x_parser) {
  llhttp_init(&x_parser, type, settings());
  x_parser.data = this;
}

FeedResult H1Reader::feed(std::span<const std::uint8_t> data) {
  x_data = data;
  x_taken = 0;
  x_head_from = 0;
  x_pause = false;
  x_ended = false;
  // An event may call next_message() at once; its bytes wait for the next feed all the same.
  while (!x_ended && step()) {
  }
  x_data = {};
  return {x_taken, x_state == State::kFailed ? x_error : std::nullopt};
}

bool H1Reader::step() {
  if (x_pause || x_taken == x_data.size()) return false;
  switch (x_state) {
    case State::kIdle:
      return read_blank_line();
    case State::kHead:
      return read_head();
    case State::kBody:
      if (x_ahead.kind == BodyKind::kLength) return read_length();
      if (x_ahead.kind == BodyKind::kChunked) return read_chunks();
      return read_until_close();
    case State::kComplete:
    case State::kFailed:
      return false;
  }
  return false;
}

// RFC 9112 section 2.2: an empty line before a request line is the leftover of an old client's
// body. One is forgiven.
bool H1Reader::read_blank_line() {
  const std::uint8_t c = x_data[x_taken];
  if (x_blank_cr) {
    ++x_taken;
    x_blank_cr = false;
    if (c != '\n') return fail(refuse(HeadReader::Status::kMalformed));
    ++x_blank_lines;
    return true;
  }
  if (c == '\r' && x_blank_lines < kBlankLinesMax) {
    ++x_taken;
    x_blank_cr = true;
    return true;
  }
  x_state = State::kHead;
  x_head_from = x_taken;
  return true;
}

bool H1Reader::read_head() {
  const auto step = x_head.read(x_data.subspan(x_head_from), x_taken - x_head_from);
  x_taken = x_head_from + step.taken;
  if (step.status == HeadReader::Status::kMore) return false;
  if (step.status == HeadReader::Status::kFirstLine) {
    auto error = take_first_line(x_head.first_line());
    return error ? fail(*std::move(error)) : true;
  }
  if (step.status != HeadReader::Status::kDone) return fail(refuse(step.status));
  x_ahead = {};
  x_state = State::kBody;
  auto error = take_head(x_head, x_ahead);
  x_head.reset();
  if (error) return fail(*std::move(error));
  if (x_ahead.interim) {
    x_state = State::kIdle;
    x_blank_lines = 0;
    return true;
  }
  x_left = x_ahead.length;
  x_chunks_begun = x_chunks_done = false;
  x_lines = {};
  if (x_ahead.kind == BodyKind::kNone || (x_ahead.kind == BodyKind::kLength && x_left == 0)) {
    end_message();
  }
  return true;
}

bool H1Reader::read_length() {
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(x_left, x_data.size() - x_taken));
  const auto piece = x_data.subspan(x_taken, size);
  x_taken += size;
  x_left -= size;
  take_body(piece);
  if (x_left == 0) end_message();
  return true;
}

bool H1Reader::read_until_close() {
  const auto piece = x_data.subspan(x_taken);
  x_taken = x_data.size();
  take_body(piece);
  return true;
}

bool H1Reader::read_chunks() {
  x_lines_from = x_taken;
  llhttp_resume(&x_parser);
  const char* const text = reinterpret_cast<const char*>(x_data.data());  // NOLINT: bytes as text
  const llhttp_errno_t result = llhttp_execute(&x_parser, text + x_taken, x_data.size() - x_taken);
  std::size_t end = x_data.size();
  if (result != HPE_OK) {
    const char* const at = llhttp_get_error_pos(&x_parser);
    end = at == nullptr ? x_taken : static_cast<std::size_t>(at - text);
    // The octet that llhttp stumbled over is checked too, so that the place of a fault does not
    // depend on who finds it.
    if (result != HPE_PAUSED) end = std::min(std::max(end, x_taken) + 1, x_data.size());
  }
  x_taken = end;
  const bool lines_good = result != HPE_USER && check_lines(end);
  if (!lines_good || (result != HPE_OK && result != HPE_PAUSED)) {
    return fail(refuse(HeadReader::Status::kMalformed));
  }
  if (x_chunks_done) end_message();
  return true;
}

bool H1Reader::check_lines(std::size_t end) {
  if (end <= x_lines_from) return true;
  const auto octets = x_data.subspan(x_lines_from, end - x_lines_from);
  x_lines_from = end;
  return x_lines.take(octets);
}

int H1Reader::on_chunk_data(const char* at, std::size_t size) {
  const char* const text = reinterpret_cast<const char*>(x_data.data());  // NOLINT: bytes as text
  const auto begin = static_cast<std::size_t>(at - text);
  if (!check_lines(begin)) return HPE_USER;
  x_lines.on_data();
  x_lines_from = begin + size;
  if (size > 0) take_body(x_data.subspan(begin, size));
  return x_pause ? static_cast<int>(HPE_PAUSED) : 0;
}

bool H1Reader::fail(ProtocolError error) {
  x_state = State::kFailed;
  x_error = std::move(error);
  return false;
}

void H1Reader::end_message() {
  x_state = State::kComplete;
  x_ended = true;
  take_end();
}

bool H1Reader::finish() {
  if (x_state != State::kBody || x_ahead.kind != BodyKind::kUntilClose) return complete();
  end_message();
  return true;
}

void H1Reader::next_message() {
  SM_ASSERT(x_state == State::kComplete);
  x_state = State::kIdle;
  x_blank_lines = 0;
  x_blank_cr = false;
}

}  // namespace sm::http
