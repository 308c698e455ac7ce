// SPDX-License-Identifier: Apache-2.0
// ChunkLines: checks the octets of a chunked body that are not data, that is chunk size lines and
// trailers, beside llhttp: every line ends with CR LF, holds no control character, is not folded,
// and stays within the limits. Value type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sm::http {

class ChunkLines {
 public:
  // The octets between two pieces of data, in any pieces. False: refuse the message.
  bool take(std::span<const std::uint8_t> octets);
  // Data came: a new chunk size line follows it.
  void on_data();

 private:
  bool start_line(std::uint8_t c);

  std::size_t x_line_bytes = 0;
  std::size_t x_trailer_bytes = 0;
  std::size_t x_trailers = 0;
  bool x_cr = false;         // the last octet was CR
  bool x_size_seen = false;  // a size line has ended since the last data: what follows are trailers
};

}  // namespace sm::http
