// SPDX-License-Identifier: Apache-2.0
// The URL of an `explain` request, and where a client's connection goes to for it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/run_plan.h"

namespace sm::plan {

struct Url {
  std::string scheme;
  std::string authority;
  std::string target;  // with query, as written
};

// Taken as written: nothing is normalised. Schemes http, https and tcp.
Result<Url> split_url(const std::string& text);
// The address that the client's resolver gives for the host (a Service's cluster IP), or the
// address that it is. 0.0.0.0 for hosts that no Service of that port bears.
SocketAddress dialled(const OutboundView& view, std::string_view authority, std::uint16_t port);

}  // namespace sm::plan
