// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 on the wire: writes heads and body framing. Field names go out in lower case, as Envoy's
// do. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "http/message.h"

namespace sm::http {

// "METHOD path HTTP/1.1", host (from `authority`), the headers as they are (minus `host`), then the
// framing that `body` asks for (content-length or transfer-encoding), and for upgrade_websocket
// `connection: upgrade` and `upgrade: websocket`. Requires: hop-by-hop fields, content-length and
// transfer-encoding were removed from `headers`.
void encode_request_head(const RequestHead& head, Buffer& out);
// The same for a response, with `connection: upgrade` and `upgrade: websocket` for a 101 that has
// `head.upgrade`, and with the reason phrase of the status code. BodyKind::kNone and kUntilClose
// write no framing, so a final head that is to have an empty body says kLength with 0; `close` adds
// `connection: close`. 1xx, 204 and 304 carry no framing of ours; for a response to HEAD and for
// 304 a content-length given by the upstream is kept (`head.content_length` with
// BodyKind::kLength).
void encode_response_head(const ResponseHead& head, bool close, Buffer& out);

// One chunk is begin(size), the data, end(). The last chunk with its empty trailer section is
// finish().
void encode_chunk_begin(std::uint64_t size, Buffer& out);
void encode_chunk_end(Buffer& out);
void encode_last_chunk(Buffer& out);

std::string_view reason_phrase(int status);

}  // namespace sm::http
