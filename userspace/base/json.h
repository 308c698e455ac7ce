// SPDX-License-Identifier: Apache-2.0
// JSON values, keys in the order they were set. The library behind it is nlohmann's; only this
// header names it. Used by the control plane (resources, admin, CLI), never on the request path.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"

namespace sm {

using Json = nlohmann::ordered_json;

// Strict RFC 8259; the error says the byte where it stops being JSON. Depth is bounded by
// kYamlDepthMax.
Result<Json> parse_json(std::string_view text);
// One line, no spaces, UTF-8 as it is; bytes that are not UTF-8 become U+FFFD.
std::string dump_json(const Json& value, int indent = -1);

}  // namespace sm
