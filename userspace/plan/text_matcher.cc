// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "plan/matcher.h"

namespace sm::plan {

TextMatcher TextMatcher::present() { return {}; }

TextMatcher TextMatcher::exact(std::string value, bool ignore_case) {
  TextMatcher out;
  out.x_kind = Kind::kExact;
  out.x_value = std::move(value);
  out.x_ignore_case = ignore_case;
  return out;
}

TextMatcher TextMatcher::prefix(std::string value, bool ignore_case) {
  TextMatcher out;
  out.x_kind = Kind::kPrefix;
  out.x_value = std::move(value);
  out.x_ignore_case = ignore_case;
  return out;
}

TextMatcher TextMatcher::regex(std::shared_ptr<const re2::RE2> compiled) {
  TextMatcher out;
  out.x_kind = Kind::kRegex;
  out.x_value = compiled->pattern();
  out.x_regex = std::move(compiled);
  return out;
}

bool TextMatcher::matches(std::string_view text) const {
  switch (x_kind) {
    case Kind::kPresent:
      return true;
    case Kind::kExact:
      return x_ignore_case ? equals_ignoring_case(text, x_value) : text == x_value;
    case Kind::kPrefix:
      return x_ignore_case ? starts_with_ignoring_case(text, x_value) : text.starts_with(x_value);
    case Kind::kRegex:
      return x_regex->ok() &&
             re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *x_regex);
  }
  return false;
}

}  // namespace sm::plan
