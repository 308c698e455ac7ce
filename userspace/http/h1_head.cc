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
HeadReader::Step HeadReader::scan(std::span<const std::uint8_t> data) {
  const std::size_t room = kHeadBytesMax - x_bytes;
  const std::size_t end = std::min(room, data.size());
  std::size_t i = 0;
  const auto stop = [&](Status status) {
    x_bytes += i;
    return Step{status, i};
  };
  while (i < end) {
    switch (x_at) {
      case At::kLineStart:
        if (data[i] == '\r') {
          x_at = At::kHeadEnd;
          ++i;
          continue;
        }
        if (data[i] == ' ' || data[i] == '\t') {
          ++i;
          return stop(Status::kMalformed);
        }
        if (++x_lines > kHeadersMax) {
          ++i;
          return stop(Status::kTooMany);
        }
        x_at = At::kLine;
        continue;
      case At::kFirst:
      case At::kLine:
        while (i < end && !is_control(data[i])) ++i;
        if (i == end) break;
        ++i;
        if (data[i - 1] != '\r') return stop(Status::kMalformed);
        x_at = x_at == At::kFirst ? At::kFirstEnd : At::kLineEnd;
        continue;
      case At::kFirstEnd:
      case At::kLineEnd:
      case At::kHeadEnd: {
        ++i;
        if (data[i - 1] != '\n') return stop(Status::kMalformed);
        const At was = x_at;
        x_at = At::kLineStart;
        if (was == At::kHeadEnd) return stop(Status::kDone);
        if (was == At::kFirstEnd) {
          x_first_line_size = x_bytes + i - 2;
          return stop(Status::kFirstLine);
        }
        continue;
      }
    }
  }
  return stop(data.size() > end ? Status::kTooLarge : Status::kMore);
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
