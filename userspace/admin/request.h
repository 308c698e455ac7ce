// SPDX-License-Identifier: Apache-2.0
// One request of the admin socket: the line of JSON in, the line of JSON out, and the call of Views
// between them. Pure apart from what Views does; control thread.
//
//   {"verb": "status" | "pods" | "bpf" | "drain"}
//   {"verb": "proxy-config", "which": "routes|clusters|endpoints|listeners", "pod": "ns/name"
//   (optional)}
//   {"verb": "sync", "waitMs": N}                    0 <= N <= kAdminSyncWaitMax
//   {"verb": "log-level", "level": "debug", "component": "capture" (optional)}
//   {"verb": "explain", "requests": [...]}
#pragma once

#include <string>
#include <string_view>

#include "admin/views.h"
#include "base/json.h"
#include "base/result.h"

namespace sm::admin {

// Calls the view that `line` asks for. `reply` is called exactly once: at once with an error when
// the line is no request, otherwise by the view (sync: later).
void dispatch(Views& views, std::string_view line, Views::Reply reply);

// {"result": ...} or {"error": {"code", "text", "remedy"}}, with the newline at the end.
std::string answer_line(const Result<Json>& outcome);

// "invalid", "notFound", "denied", "unavailable", "limit", "timeout", "unsupported", "system": the
// `code` of an error.
std::string_view to_string(ErrorCode code);

}  // namespace sm::admin
