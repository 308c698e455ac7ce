// SPDX-License-Identifier: Apache-2.0
#include "http/authority.h"

#include <algorithm>

#include "base/ip.h"
#include "base/text.h"
#include "http/text_class.h"

namespace sm::http {
namespace {

bool is_valid_port(std::string_view text) {
  return text.size() <= 5 && parse_decimal(text, 65535).has_value();
}

}  // namespace

bool is_valid_authority(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    const auto ip = IpAddress::parse(text.substr(1, close - 1));
    if (!ip || text.substr(1, close - 1).find(':') == std::string_view::npos) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_valid_port(rest.substr(1)));
  }
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (host.empty()) return false;
  if (!std::all_of(host.begin(), host.end(), [](char c) { return has_class(c, kHostChar); })) {
    return false;
  }
  return colon == std::string_view::npos || is_valid_port(text.substr(colon + 1));
}

Target split_target(std::string_view target) {
  const bool good = !target.empty() && std::all_of(target.begin(), target.end(), [](char c) {
    return has_class(c, kTargetChar);
  });
  if (!good) return {};
  if (target.front() == '/') return {TargetForm::kOrigin, {}, target};
  if (target == "*") return {TargetForm::kAsterisk, {}, {}};
  TargetForm form = TargetForm::kAbsolute;
  if (starts_with_ignoring_case(target, "http://")) {
    target.remove_prefix(7);
  } else if (starts_with_ignoring_case(target, "https://")) {
    target.remove_prefix(8);
    form = TargetForm::kAbsoluteTls;
  } else {
    return {};
  }
  const std::size_t end = std::min(target.find_first_of("/?#\\"), target.size());
  return {form, target.substr(0, end), target.substr(end)};
}

}  // namespace sm::http
