// SPDX-License-Identifier: Apache-2.0
// What the HTTP cases share: an answer, an application that echoes, a body with a pattern.
#pragma once

#include <string>
#include <string_view>

#include "support/blocking_peer.h"

namespace sm::test {

inline std::string answer(std::string_view body, std::string_view extra = {}) {
  return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" +
         std::string(extra) + "\r\n" + std::string(body);
}

// Answers every request of a connection with the head that it received.
inline void echo_heads(Peer& peer) {
  for (;;) {
    const auto request = peer.read_message();
    if (request.head.empty()) return;
    if (!peer.send(answer(request.head))) return;
  }
}

inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

inline const std::string kGet = "GET /x?y=1 HTTP/1.1\r\nHost: web\r\n\r\n";

}  // namespace sm::test
