// SPDX-License-Identifier: Apache-2.0
// Small questions about ASCII text. HTTP and Kubernetes names are ASCII, so no locale is ever
// consulted.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sm {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
// Without spaces and tabs at both ends.
std::string_view trim(std::string_view text);
// The parts between `separator`s, each trimmed; an empty text has no part.
std::vector<std::string_view> split(std::string_view text, char separator);
// A whole non-negative decimal number no larger than `most`; nullopt otherwise (signs, blanks,
// overflow).
std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t most = UINT64_MAX);

// For unordered containers keyed by std::string that are asked with a string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace sm
