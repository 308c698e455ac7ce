// SPDX-License-Identifier: Apache-2.0
#include "http/h1_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "http/text_class.h"

namespace sm::http {
namespace {

// Target and authority may come from a route's rewrite. An octet that could end the line, or the
// word, is escaped.
void append_word(std::string_view word, Buffer& out) {
  const bool plain = std::all_of(word.begin(), word.end(),
                                 [](char c) { return static_cast<unsigned char>(c) > 0x20; });
  if (plain) return out.append(word);
  for (const char c : word) {
    if (static_cast<unsigned char>(c) > 0x20) {
      out.append(c);
    } else {
      out.append(fmt::format("%{:02X}", static_cast<unsigned char>(c)));
    }
  }
}

// One line built in place: a head has many, and each append to a Buffer asks for room.
void append_line(std::string_view name, std::string_view value, Buffer& out) {
  const std::size_t size = name.size() + value.size() + 4;
  const auto room = out.prepare(size);
  auto at = std::copy(name.begin(), name.end(), room.begin());
  *at++ = ':';
  *at++ = ' ';
  at = std::copy(value.begin(), value.end(), at);
  *at++ = '\r';
  *at++ = '\n';
  out.commit(size);
}

template <class Integer>
std::string_view to_text(Integer number, std::array<char, 24>& room, int base = 10) {
  const auto result = std::to_chars(room.data(), room.data() + room.size(), number, base);
  return {room.data(), static_cast<std::size_t>(result.ptr - room.data())};
}

// At most one of the two framing fields, whatever the head says.
void append_framing(BodyKind kind, std::uint64_t length, Buffer& out) {
  std::array<char, 24> room;
  if (kind == BodyKind::kLength) append_line("content-length", to_text(length, room), out);
  if (kind == BodyKind::kChunked) append_line("transfer-encoding", "chunked", out);
}

void append_upgrade(Buffer& out) { out.append("connection: upgrade\r\nupgrade: websocket\r\n"); }

// What the encoder itself writes, or what would contradict it, is never copied from the list.
bool is_framing(std::string_view name) {
  return name == "content-length" || name == "transfer-encoding";
}

void append_fields(const Headers& headers, bool request, Buffer& out) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Headers::Field field = headers.at(i);
    if (is_framing(field.name) || (request && field.name == "host")) continue;
    append_line(field.name, field.value, out);
  }
}

}  // namespace

void encode_request_head(const RequestHead& head, Buffer& out) {
  append_word(head.method, out);
  out.append(' ');
  append_word(head.path, out);
  out.append(" HTTP/1.1\r\nhost: ");
  append_word(head.authority, out);
  out.append("\r\n");
  append_fields(head.headers, true, out);
  append_framing(head.body, head.content_length, out);
  if (head.upgrade_websocket) append_upgrade(out);
  out.append("\r\n");
}

void encode_response_head(const ResponseHead& head, bool close, Buffer& out) {
  std::array<char, 24> room;
  out.append("HTTP/1.1 ");
  out.append(to_text(head.status, room));
  out.append(' ');
  out.append(reason_phrase(head.status));
  out.append("\r\n");
  append_fields(head.headers, false, out);
  const bool bare = head.status < 200 || head.status == 204;
  // 304 announces the length that 200 would have had; it is never chunked.
  const bool framed = head.status == 304 ? head.body == BodyKind::kLength : !bare;
  if (framed) append_framing(head.body, head.content_length, out);
  if (head.status == 101 && head.upgrade) {
    append_upgrade(out);
  } else if (close && head.status >= 200) {
    out.append("connection: close\r\n");
  }
  out.append("\r\n");
}

void encode_chunk_begin(std::uint64_t size, Buffer& out) {
  std::array<char, 24> room;
  out.append(to_text(size, room, 16));
  out.append("\r\n");
}

void encode_chunk_end(Buffer& out) { out.append("\r\n"); }

void encode_last_chunk(Buffer& out) { out.append("0\r\n\r\n"); }

}  // namespace sm::http
