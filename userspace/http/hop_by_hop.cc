// SPDX-License-Identifier: Apache-2.0
#include "http/hop_by_hop.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "http/field_list.h"

namespace sm::http {
namespace {

// What the Connection fields name. As many as a request may name need no heap allocation; a
// response may name more.
struct Nominated {
  std::array<std::string_view, kNominatedHeadersMax> names;
  std::vector<std::string_view> more;
  std::size_t count = 0;

  bool holds(std::string_view name) const {
    const auto same = [&](std::string_view other) { return equals_ignoring_case(other, name); };
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(count, names.size()));
    return std::any_of(names.begin(), end, same) || std::any_of(more.begin(), more.end(), same);
  }
};

Nominated nominated(const Headers& headers) {
  Nominated out;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Headers::Field field = headers.at(i);
    if (field.name != "connection") continue;
    for_each_element(field.value, [&](std::string_view name) {
      if (out.count < out.names.size()) {
        out.names[out.count] = name;
      } else {
        out.more.push_back(name);
      }
      ++out.count;
    });
  }
  return out;
}

bool always_dropped(std::string_view name) {
  switch (name.size()) {
    case 7:
      return name == "upgrade";
    case 10:
      return name == "connection" || name == "keep-alive";
    case 14:
      return name == "content-length" || name == "http2-settings";
    case 16:
      return name == "proxy-connection";
    case 17:
      return name == "transfer-encoding";
    default:
      return false;
  }
}

bool asks_for_trailers(const Headers& headers) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Headers::Field field = headers.at(i);
    if (field.name == "te" && has_element(field.value, "trailers")) return true;
  }
  return false;
}

}  // namespace

std::optional<ProtocolError> strip_hop_by_hop(RequestHead& head) {
  const Nominated names = nominated(head.headers);
  bool sensitive = names.count > kNominatedHeadersMax;
  for (std::size_t i = 0; i < names.count && !sensitive; ++i) {
    // Removing these would let a client hide where a request comes from, or who the next hop thinks
    // it is for.
    sensitive = names.names[i].starts_with(':') ||
                starts_with_ignoring_case(names.names[i], "x-forwarded-") ||
                equals_ignoring_case(names.names[i], "host");
  }
  if (sensitive) return ProtocolError{400, "Bad Request", "http1.connection_header_rejected"};
  const bool trailers = asks_for_trailers(head.headers);
  head.headers.keep_if([&](Headers::Field field) {
    return !always_dropped(field.name) && field.name != "te" && !names.holds(field.name);
  });
  if (trailers) head.headers.add("te", "trailers");
  return std::nullopt;
}

void strip_hop_by_hop(ResponseHead& head) {
  const Nominated names = nominated(head.headers);
  head.headers.keep_if([&](Headers::Field field) {
    return !always_dropped(field.name) && !names.holds(field.name);
  });
}

}  // namespace sm::http
