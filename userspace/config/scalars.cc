// SPDX-License-Identifier: Apache-2.0
#include "config/scalars.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "base/text.h"

namespace sm::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || is_digit(c); }

// Letters and digits at both ends, `middle` in between.
bool is_name(std::string_view text, std::string_view middle) {
  if (text.empty() || text.size() > 63 || !is_word(text.front()) || !is_word(text.back()))
    return false;
  return std::all_of(text.begin(), text.end(), [middle](char c) {
    return is_word(c) || middle.find(c) != std::string_view::npos;
  });
}

// Calls `test` for every part between dots.
template <class Test>
bool every_label(std::string_view text, Test test) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!test(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::optional<double> unit_nanoseconds(std::string_view unit) {
  if (unit == "ns") return 1.0;
  if (unit == "us" || unit == "\xc2\xb5s" || unit == "\xce\xbcs") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> integer_of(const Node& node) {
  std::string_view text = node.text;
  if (node.kind != Node::Kind::kInt || text.empty()) return std::nullopt;
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o')) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
  }
  std::int64_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, base);
  if (error != std::errc{} || end != last || value < 0) return std::nullopt;
  return negative ? -value : value;
}

std::optional<double> number_of(const Node& node) {
  if (node.kind == Node::Kind::kInt) {
    const auto whole = integer_of(node);
    return whole ? std::optional<double>(static_cast<double>(*whole)) : std::nullopt;
  }
  if (node.kind != Node::Kind::kFloat) return std::nullopt;
  std::string_view text = node.text;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool truth_of(const Node& node) {
  return node.kind == Node::Kind::kBool &&
         (equals_ignoring_case(node.text, "true") || equals_ignoring_case(node.text, "yes") ||
          equals_ignoring_case(node.text, "on"));
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds{0};
  if (text.empty() || text.size() > 64) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto is_number = [](char c) { return is_digit(c) || c == '.'; };
    const std::size_t digits = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_number) - text.begin());
    const std::string_view number = text.substr(0, digits);
    text.remove_prefix(digits);
    const std::size_t letters =
        static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_number) - text.begin());
    const auto unit = unit_nanoseconds(text.substr(0, letters));
    text.remove_prefix(letters);
    double value = 0;
    const char* last = number.data() + number.size();
    const auto [end, error] = std::from_chars(number.data(), last, value, std::chars_format::fixed);
    if (!unit || error != std::errc{} || end != last) return std::nullopt;
    total += value * *unit;
  }
  if (total > 9.2e18) return std::nullopt;  // int64 nanoseconds end at 292 years
  return std::chrono::nanoseconds{static_cast<std::int64_t>(std::llround(total))};
}

bool is_dns_label(std::string_view text) {
  return is_name(text, "-") &&
         std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_dns_subdomain(std::string_view text) {
  return !text.empty() && text.size() <= 253 && every_label(text, is_dns_label);
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [kMarks](char c) {
    return is_word(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text) {
  return text.find('\r') == std::string_view::npos && text.find('\n') == std::string_view::npos &&
         text.find('\0') == std::string_view::npos;
}

bool is_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_name(text, "-_.");
  return is_dns_subdomain(text.substr(0, slash)) && is_name(text.substr(slash + 1), "-_.");
}

bool is_label_value(std::string_view text) { return text.empty() || is_name(text, "-_."); }

std::string regex_problem(std::string_view text) {
  if (text.size() > kRegexBytesMax)
    return "it is longer than " + std::to_string(kRegexBytesMax) + " bytes";
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemoryBytes);
  const RE2 regex(re2::StringPiece(text.data(), text.size()), options);
  return regex.ok() ? std::string() : regex.error();
}

}  // namespace sm::config
