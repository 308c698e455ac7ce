// SPDX-License-Identifier: Apache-2.0
// What a proxy of Istio does to every request's headers before it looks for a route
// (istio-behaviour.md 8.2). The data path and `explain` both call it. Pure.
#pragma once

#include <string_view>

#include "base/ip.h"
#include "http/message.h"

namespace sm::plan {

// A sidecar trusts what its own application says; a gateway is an edge: it strips the x-envoy-*
// controls, appends the client to x-forwarded-for, overwrites x-forwarded-proto and makes its own
// x-request-id.
void prepare_forwarded(bool at_gateway, const IpAddress& client, std::string_view request_id,
                       http::RequestHead& head);
// What is added and what ends when the request goes to an endpoint.
void finish_forwarded(http::RequestHead& head);

}  // namespace sm::plan
