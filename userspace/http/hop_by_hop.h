// SPDX-License-Identifier: Apache-2.0
// What must not be forwarded (RFC 9110 section 7.6.1; istio-behaviour.md 8.1 and 8.2).
#pragma once

#include <optional>

#include "http/message.h"

namespace sm::http {

// Removes connection, keep-alive, proxy-connection, transfer-encoding, content-length, upgrade, te
// (unless `trailers`), and every field that Connection nominates. An upgrade that goes on is kept
// in the head's flags. Returns the error for a Connection field that nominates ten or more fields,
// or a forwarding or pseudo field (400).
std::optional<ProtocolError> strip_hop_by_hop(RequestHead& head);
void strip_hop_by_hop(ResponseHead& head);

}  // namespace sm::http
