// SPDX-License-Identifier: Apache-2.0
#include "http/h1_chunks.h"

#include "base/limits.h"
#include "http/text_class.h"

namespace sm::http {

void ChunkLines::on_data() { *this = ChunkLines(); }

bool ChunkLines::start_line(std::uint8_t c) {
  if (!x_size_seen || c == '\r') return true;
  // A folded trailer line (RFC 9112 section 5.2) is refused like a folded header line.
  return c != ' ' && c != '\t' && ++x_trailers <= kHeadersMax;
}

bool ChunkLines::take(std::span<const std::uint8_t> octets) {
  for (const std::uint8_t c : octets) {
    if (x_cr) {
      if (c != '\n') return false;
      x_cr = false;
      // The empty line is the one behind chunk data, or the last of the message.
      if (x_line_bytes > 0) x_size_seen = true;
      x_line_bytes = 0;
      continue;
    }
    if (x_line_bytes == 0 && !start_line(c)) return false;
    if (c == '\r') {
      x_cr = true;
      continue;
    }
    if ((kCharClasses[c] & kControlChar) != 0) return false;
    ++x_line_bytes;
    if (x_size_seen ? ++x_trailer_bytes > kTrailerBytesMax : x_line_bytes > kChunkLineBytesMax) {
      return false;
    }
  }
  return true;
}

}  // namespace sm::http
