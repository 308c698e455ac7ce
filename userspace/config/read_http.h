// SPDX-License-Identifier: Apache-2.0
// Pieces of the HTTP route reader, split by noun over read_http_*.cc.
#pragma once

#include "config/read.h"

namespace sm::config {

StringMatch read_string_match(const View& view, Reporter& report);
HttpMatch read_http_match(const View& view, Reporter& report);
// `headers: {request: ..., response: ...}` of a route or of one destination.
void read_headers(const View& owner, HeaderOperations& request, HeaderOperations& response,
                  Reporter& report);
Redirect read_redirect(const View& view, Reporter& report);
DirectResponse read_direct_response(const View& view, Reporter& report);
HttpRewrite read_rewrite(const View& view, Reporter& report);
std::vector<Mirror> read_mirrors(const View& route, Reporter& report);
// Rules about fault, retries and corsPolicy, which are checked although they are not applied.
void check_unapplied(const View& route, Reporter& report);

}  // namespace sm::config
