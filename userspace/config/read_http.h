// SPDX-License-Identifier: Apache-2.0
// Pieces of the HTTP route reader, split by noun over read_http_*.cc. What Istio would refuse has
// been said by validate.h; here is said only what this version does not do.
#pragma once

#include "config/read.h"

namespace sm::config {

StringMatch read_string_match(const View& view);
HttpMatch read_http_match(const View& view, Reporter& report);
// `headers: {request: ..., response: ...}` of a route or of one destination.
void read_headers(const View& owner, HeaderOperations& request, HeaderOperations& response);
Redirect read_redirect(const View& view, Reporter& report);
DirectResponse read_direct_response(const View& view, Reporter& report);
HttpRewrite read_rewrite(const View& view);
std::vector<Mirror> read_mirrors(const View& route);

}  // namespace sm::config
