// SPDX-License-Identifier: Apache-2.0
// What a proxy of Istio does to the headers of every request and response, whatever the route
// (istio-behaviour.md 8.1, 8.2). Pure but for the random request id.
#pragma once

#include <chrono>
#include <string_view>

#include "base/rng.h"
#include "http/message.h"
#include "proxy/session.h"

namespace sm::proxy {

// Before routing: plan::prepare_forwarded, with an id of its own. A sidecar (outbound, inbound)
// trusts what the client says about itself; a gateway is an edge: it appends to x-forwarded-for,
// makes its own x-request-id, overwrites x-forwarded-proto and strips the x-envoy-* controls.
void prepare_request(Side side, const SocketAddress& remote, http::RequestHead& head, Rng& rng);
// On every response, local ones included: `server` by side (a same-node request ends at its
// client's side), `date` if missing.
void finish_response(Side side, std::string_view date, http::ResponseHead& head);
// x-envoy-upstream-service-time, on answers of an upstream.
void add_service_time(std::chrono::milliseconds time, http::ResponseHead& head);

}  // namespace sm::proxy
