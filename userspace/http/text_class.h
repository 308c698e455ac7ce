// SPDX-License-Identifier: Apache-2.0
// Which octets HTTP and URIs allow where, as tables made at compile time. Shared by the codecs and
// the path rules.
#pragma once

#include <array>
#include <cstdint>

namespace sm::http {

enum : std::uint8_t {
  kTokenChar = 1,       // RFC 9110 section 5.6.2: method and field names
  kUnreservedChar = 2,  // RFC 3986 section 2.3
  kHostChar = 4,        // RFC 3986 reg-name and IPv4 without percent escapes
  kTargetChar = 8,      // `!` to `~`: what a request target may hold
  kControlChar = 16,    // 0x00-0x1f except tab, and 0x7f
};

constexpr std::array<std::uint8_t, 256> make_char_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&](const char* text, unsigned bits) {
    for (; *text != '\0'; ++text) {
      auto& entry = classes[static_cast<unsigned char>(*text)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  constexpr const char* kAlphaNumeric =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  mark(kAlphaNumeric, kTokenChar | kUnreservedChar | kHostChar);
  mark("!#$%&'*+-.^_`|~", kTokenChar);
  mark("-._~", kUnreservedChar | kHostChar);
  mark("!$&'()*+,;=", kHostChar);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (c > 0x20 && c < 0x7f) classes[c] = static_cast<std::uint8_t>(classes[c] | kTargetChar);
    if ((c < 0x20 && c != '\t') || c == 0x7f) {
      classes[c] = static_cast<std::uint8_t>(classes[c] | kControlChar);
    }
  }
  return classes;
}
inline constexpr std::array<std::uint8_t, 256> kCharClasses = make_char_classes();

constexpr bool has_class(char c, std::uint8_t bits) {
  return (kCharClasses[static_cast<unsigned char>(c)] & bits) != 0;
}
constexpr bool is_unreserved(char c) { return has_class(c, kUnreservedChar); }

// 0-15, or -1 when `c` is no hexadecimal digit.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace sm::http
