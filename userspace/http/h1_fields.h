// SPDX-License-Identifier: Apache-2.0
// What the fields of a head say about the message's framing and about the connection (RFC 9112
// sections 6 and 9). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/h1_head.h"
#include "http/headers.h"

namespace sm::http {

struct HeadFacts {
  std::uint8_t content_lengths = 0;  // how many fields; 2 means two or more, as for the others
  std::uint8_t transfer_encodings = 0;
  std::uint8_t hosts = 0;
  bool length_valid = true;        // of the one content-length: digits only, and below 2^63
  bool chunked = false;            // the one transfer-encoding is exactly `chunked`
  bool close = false;              // Connection: close
  bool keep_alive = false;         // Connection: keep-alive
  bool upgrade = false;            // Connection: upgrade
  bool upgrade_websocket = false;  // the Upgrade fields name websocket
  bool upgrade_other = false;      // ... or something that is neither websocket nor h2c
  bool expect_continue = false;
  std::uint64_t content_length = 0;
  std::string_view host;
};

HeadFacts read_facts(std::span<const RawField> fields);

// The fields as a list of its own, in order.
Headers to_headers(std::span<const RawField> fields);

}  // namespace sm::http
