// SPDX-License-Identifier: Apache-2.0
// The small parts of a route's action compiled: redirects, rewrites, percentages
// (istio-behaviour.md 2.4-2.6). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/istio.h"
#include "plan/matches.h"
#include "plan/route.h"

namespace sm::plan {

// `match` is the block that the route comes from, null without one; `port` the service port that
// the request came to.
Redirect make_redirect(const config::Redirect& from, const config::HttpMatch* match,
                       std::uint16_t port);
Rewrite make_rewrite(const config::HttpRewrite& from, const config::HttpMatch* match,
                     RegexCache& cache);
// Setting or adding `host` or `:authority` is a host rewrite and goes to `authority`; null for
// responses, which have none. Names of operations that are never done are added to `refused`: on
// pseudo headers, and removing `host`.
HeaderRules make_header_rules(const config::HeaderOperations& from, std::string* authority,
                              std::vector<std::string>& refused);
// Percent, to a ten-thousandth, as parts of a million; at most a million.
std::uint32_t per_million(double percent);

}  // namespace sm::plan
