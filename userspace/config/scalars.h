// SPDX-License-Identifier: Apache-2.0
// The small languages inside Kubernetes' and Istio's strings: integers, durations, names, hosts,
// headers, regular expressions. Pure; any thread. RE2 is touched by scalars.cc only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/yaml.h"

namespace sm::config {

// Of a scalar of kind kInt: decimal, 0x..., 0o..., with sign. nullopt beyond int64.
std::optional<std::int64_t> integer_of(const Node& node);
// Of kInt or kFloat. nullopt for infinities and NaN.
std::optional<double> number_of(const Node& node);
// true of "true", "yes", "on" in the spellings of YAML.
bool truth_of(const Node& node);

// Go's time.ParseDuration without a sign: "1h30m", "1.5s", "250ms", "0". nullopt otherwise.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// RFC 1123 label (lower case): at most 63 of a-z 0-9 -, first and last no dash.
bool is_dns_label(std::string_view text);
// Labels between dots, at most 253 bytes: names of most Kubernetes objects.
bool is_dns_subdomain(std::string_view text);
// RFC 9110 token, not a pseudo header.
bool is_header_name(std::string_view text);
// No CR, LF, NUL.
bool is_header_value(std::string_view text);
// Kubernetes label key ([prefix/]name) and value.
bool is_label_key(std::string_view text);
bool is_label_value(std::string_view text);

// Whether RE2 compiles the text within kRegexBytesMax and kRegexMemoryBytes: "" when it does, else
// why not.
std::string regex_problem(std::string_view text);

}  // namespace sm::config
