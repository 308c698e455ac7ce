// SPDX-License-Identifier: Apache-2.0
// The forms of a request target and what may stand in Host (RFC 9112 section 3.2, RFC 3986
// section 3.2). Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace sm::http {

// host or host:port, where host is a name, an IPv4 address or a bracketed IPv6 address and port is
// 1 to 5 digits. No user information, no path, nothing empty.
bool is_valid_authority(std::string_view text);

enum class TargetForm : std::uint8_t {
  kOrigin,       // /path?query
  kAbsolute,     // http://authority/path?query
  kAbsoluteTls,  // https://..., which does not belong on a plaintext connection
  kAsterisk,     // *
  kBad,
};

struct Target {
  TargetForm form = TargetForm::kBad;
  std::string_view authority;  // of the absolute form
  std::string_view path;       // with query; of the absolute form it may be empty or start with `?`
};

// Every character but `!` to `~` makes it kBad. For any method but CONNECT.
Target split_target(std::string_view target);

}  // namespace sm::http
