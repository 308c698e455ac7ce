// SPDX-License-Identifier: Apache-2.0
// Comma-separated field values (RFC 9110 section 5.6.1) without allocation. Pure.
#pragma once

#include <string_view>

#include "base/text.h"

namespace sm::http {

// Calls `visit(element)` for each element that is not empty, trimmed.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    if (!element.empty()) visit(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

// Is `wanted` one of the elements, whatever the case?
inline bool has_element(std::string_view list, std::string_view wanted) {
  bool found = false;
  for_each_element(list, [&](std::string_view element) {
    found = found || equals_ignoring_case(element, wanted);
  });
  return found;
}

}  // namespace sm::http
