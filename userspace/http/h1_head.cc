// SPDX-License-Identifier: Apache-2.0
#include "http/h1_head.h"

#include <algorithm>

#include "base/assert.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/text_class.h"

namespace sm::http {
namespace {

std::string_view as_text(std::span<const std::uint8_t> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};  // NOLINT: bytes as text
}

bool is_control(std::uint8_t c) { return (kCharClasses[c] & kControlChar) != 0; }

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return has_class(c, kTokenChar); });
}

}  // namespace

void HeadReader::reset() {
  x_at = At::kFirst;
  x_parsed = false;
  x_bytes = x_lines = x_first_line_size = 0;
  x_pieces.clear();
  // A long head that came in pieces is rare; an idle connection should not go on paying for it.
  if (x_pieces.capacity() > kBufferMinBytes) x_pieces.shrink_to_fit();
  x_head = {};
  x_fields.clear();
}

//            octet                CR          CR LF
//   kFirst ────────► kFirst ─────────► kFirstEnd ────► kLineStart
//   kLineStart ─────► kLine ─────────► kLineEnd ─────► kLineStart
//   kLineStart ─────────────────CR───► kHeadEnd ─────► done
// A lone LF, a CR that no LF follows, a control character or (RFC 9112 section 5.2) a line that
// starts with white space end it.
HeadReader::Status HeadReader::begin_line(std::uint8_t c) {
  if (c == '\r') {
    x_at = At::kHeadEnd;
    return Status::kMore;
  }
  if (c == ' ' || c == '\t' || is_control(c)) return Status::kMalformed;
  if (++x_lines > kHeadersMax) return Status::kTooMany;
  x_at = At::kLine;
  return Status::kMore;
}

HeadReader::Status HeadReader::end_line(std::uint8_t c) {
  if (c != '\n') return Status::kMalformed;
  const At was = x_at;
  x_at = At::kLineStart;
  if (was == At::kFirstEnd) return Status::kFirstLine;
  return was == At::kHeadEnd ? Status::kDone : Status::kMore;
}

HeadReader::Step HeadReader::scan(std::span<const std::uint8_t> data) {
  const std::size_t end = std::min(kHeadBytesMax - x_bytes, data.size());
  Status status = Status::kMore;
  std::size_t i = 0;
  while (i < end && status == Status::kMore) {
    if (x_at == At::kLineStart) {
      status = begin_line(data[i]);
      ++i;
    } else if (x_at == At::kFirst || x_at == At::kLine) {
      while (i < end && !is_control(data[i])) ++i;
      if (i == end) break;
      if (data[i] != '\r') status = Status::kMalformed;
      x_at = x_at == At::kFirst ? At::kFirstEnd : At::kLineEnd;
      ++i;
    } else {
      status = end_line(data[i]);
      ++i;
    }
  }
  x_bytes += i;
  if (status == Status::kFirstLine) x_first_line_size = x_bytes - 2;
  if (status == Status::kMore && data.size() > end) status = Status::kTooLarge;
  return {status, i};
}

HeadReader::Step HeadReader::read(std::span<const std::uint8_t> data, std::size_t from) {
  Step step = scan(data.subspan(from));
  step.taken += from;
  // Nothing is copied while all of the head is in `data`. Once a piece was copied, every later one
  // is, at once.
  if (!x_pieces.empty()) {
    x_pieces.append(as_text(data.first(step.taken).subspan(from)));
  } else if (step.taken == data.size() && step.status != Status::kDone) {
    x_pieces.assign(as_text(data.first(step.taken)));
  }
  x_head = x_pieces.empty() ? as_text(data.first(step.taken)) : std::string_view(x_pieces);
  if (step.status == Status::kDone) step.status = parse();
  return step;
}

HeadReader::Status HeadReader::parse() {
  llhttp_reset(&x_parser);
  const llhttp_errno_t result = llhttp_execute(&x_parser, x_head.data(), x_head.size());
  if (result != HPE_PAUSED || !x_parsed) {
    return result == HPE_INVALID_TRANSFER_ENCODING ? Status::kBadCoding : Status::kMalformed;
  }
  // Our scan and llhttp must agree about where the head ends, or one of them could be fooled.
  if (llhttp_get_error_pos(&x_parser) != x_head.data() + x_head.size()) return Status::kMalformed;
  if (x_fields.size() != x_lines) return Status::kMalformed;
  for (RawField& field : x_fields) {
    if (!is_token(field.name)) return Status::kMalformed;
    field.value = trim(field.value);
  }
  return Status::kDone;
}

void HeadReader::on_name(const char* at, std::size_t size) {
  if (!x_fields.empty()) {
    RawField& last = x_fields.back();
    if (last.value.data() == nullptr && last.name.data() + last.name.size() == at) {
      last.name = {last.name.data(), last.name.size() + size};
      return;
    }
  }
  x_fields.push_back({{at, size}, {}});
}

void HeadReader::on_value(const char* at, std::size_t size) {
  SM_ASSERT(!x_fields.empty());
  RawField& last = x_fields.back();
  // llhttp may report one value in several spans; they adjoin, since no line is folded.
  last.value = last.value.data() == nullptr
                   ? std::string_view(at, size)
                   : std::string_view(last.value.data(),
                                      static_cast<std::size_t>(at - last.value.data()) + size);
}

}  // namespace sm::http
