// SPDX-License-Identifier: Apache-2.0
// HeadReader: the head of an HTTP/1 message, from bytes in any pieces to raw fields. First every
// octet is checked (lines end with CR LF and nothing else, no folded line, no control character,
// the size limits), which llhttp alone does not promise; then llhttp takes the whole head apart at
// once. Where the input is cut never changes the outcome. Owned by an H1Reader.
#pragma once

#include <llhttp.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sm::http {

struct RawField {
  std::string_view name;   // a token, in the sender's case
  std::string_view value;  // trimmed; no control character but tab
};

class HeadReader {
 public:
  enum class Status : std::uint8_t {
    kMore,       // everything given was taken, the head goes on
    kFirstLine,  // first_line() can be read; call read() again with the same data, from `taken` on
    kDone,  // first_line(), fields() and bytes() can be read as long as the data given to read()
            // lives
    kMalformed,  // a line, field name or value that the grammar does not have
    kTooLarge,   // more than kHeadBytesMax
    kTooMany,    // more than kHeadersMax
    kBadCoding,  // llhttp does not know how the body would end (Transfer-Encoding)
  };
  struct Step {
    Status status = Status::kMore;
    std::size_t taken = 0;  // of `data`, up to and with the octet that decided
  };

  // `parser` is this connection's llhttp parser. After kDone it stands behind the head, paused,
  // ready for a chunked body. Requires: its callbacks lead to on_name(), on_value() and on_end() of
  // this reader while read() runs.
  explicit HeadReader(llhttp_t& parser) : x_parser(parser) {}

  void reset();
  // `data` is what one feed brought of this head; its first `from` octets were taken before, in the
  // same feed.
  Step read(std::span<const std::uint8_t> data, std::size_t from);
  std::string_view first_line() const { return x_head.substr(0, x_first_line_size); }
  std::span<const RawField> fields() const { return x_fields; }
  std::size_t bytes() const { return x_bytes; }

  // From llhttp's callbacks.
  void on_name(const char* at, std::size_t size);
  void on_value(const char* at, std::size_t size);
  void on_end() { x_parsed = true; }

 private:
  enum class At : std::uint8_t { kFirst, kFirstEnd, kLineStart, kLine, kLineEnd, kHeadEnd };

  Step scan(std::span<const std::uint8_t> data);
  Status begin_line(std::uint8_t c);
  Status end_line(std::uint8_t c);
  Status parse();

  llhttp_t& x_parser;
  At x_at = At::kFirst;
  bool x_parsed = false;
  std::size_t x_bytes = 0;
  std::size_t x_lines = 0;
  std::size_t x_first_line_size = 0;
  std::string x_pieces;     // the head so far, when it did not come at once
  std::string_view x_head;  // of x_pieces, or of what read() was given
  std::vector<RawField> x_fields;
};

}  // namespace sm::http
