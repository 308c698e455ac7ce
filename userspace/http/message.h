// SPDX-License-Identifier: Apache-2.0
// The heads of HTTP messages as values: what a codec produces, the router reads, filters change and
// an encoder writes.
#pragma once

#include <cstdint>
#include <string>

#include "http/headers.h"

namespace sm::http {

// How a body is delimited (RFC 9112 section 6).
enum class BodyKind : std::uint8_t {
  kNone,
  kLength,  // content_length bytes
  kChunked,
  kUntilClose,  // responses only
};

struct RequestHead {
  std::string method;
  // As received: origin form, absolute form or `*`. `path` is what the router sees and what is
  // forwarded.
  std::string target;
  std::string authority;  // Host, or the authority of an absolute-form target (which replaces Host)
  std::string scheme = "http";
  std::string path;  // path and query, canonical after http::canonicalise_path
  Headers headers;   // hop-by-hop fields and Host are still here; see hop_by_hop.h
  BodyKind body = BodyKind::kNone;
  std::uint64_t content_length = 0;
  bool keep_alive = true;          // the client lets the connection go on
  bool expect_continue = false;    // Expect: 100-continue
  bool upgrade_websocket = false;  // Connection: upgrade with Upgrade: websocket
  bool upgrade_other = false;      // any other upgrade that is not h2c
  std::size_t head_bytes = 0;      // size on the wire
};

struct ResponseHead {
  int status = 0;
  std::string reason;
  Headers headers;
  BodyKind body = BodyKind::kNone;
  std::uint64_t content_length = 0;
  bool keep_alive = true;  // the upstream lets the connection go on
  bool upgrade = false;    // 101: bytes after the head belong to the new protocol
  std::size_t head_bytes = 0;
};

// A request that breaks the protocol, and the answer it gets (istio-behaviour.md 8.3). The
// connection is closed after it.
struct ProtocolError {
  int status = 400;
  std::string body;  // "Bad Request", "Upgrade Required", ...; may be empty
  std::string
      details;  // the access log's response code details: "low_version", "http1.codec_error", ...
};

}  // namespace sm::http
