// SPDX-License-Identifier: Apache-2.0
// How answers and errors leave the CLI: one JSON or YAML value on standard output for machines,
// text for people.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "ctl/console.h"

namespace sm::ctl {

enum class Format : unsigned char { kTable, kJson, kYaml };
std::optional<Format> parse_format(std::string_view text);

// Prints `value` in a machine's format. False for kTable: the caller prints its text.
bool print_value(Console& console, Format format, const Json& value);

// Says the error on standard error; in a machine's format also {"error": {"text", "remedy"}} on
// standard output, so that it holds one value also then. Returns `exit_code`.
int fail(Console& console, Format format, const Error& error, int exit_code);

}  // namespace sm::ctl
