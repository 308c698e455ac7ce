// SPDX-License-Identifier: Apache-2.0
#include "http/path.h"

#include "http/text_class.h"

namespace sm::http {
namespace {

bool has_nul(std::string_view path) {
  return path.find('\0') != std::string_view::npos || path.find("%00") != std::string_view::npos;
}

// Decodes `%` escapes of unreserved characters (RFC 3986 section 2.3), and of both slashes when
// `slashes` is set, and turns
// `\` into `/`. Every other escape stays as it was written, so "%2f" and "/" remain two things.
std::string decode(std::string_view path, bool slashes) {
  std::string out;
  out.reserve(path.size());
  std::size_t stray_end =
      0;  // up to this size of `out` the last two characters may follow a `%` that starts no escape
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '\\') {
      out.push_back('/');
      continue;
    }
    const int high = c == '%' && i + 2 < path.size() ? hex_value(path[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(path[i + 2]) : -1;
    if (low < 0) {
      out.push_back(c);
      if (c == '%') stray_end = out.size() + 2;
      continue;
    }
    const char decoded = static_cast<char>(high * 16 + low);
    // A digit decoded right behind a stray `%` would make an escape that was not there: "%%32e"
    // must not become "%2e".
    const bool forges = out.size() < stray_end && hex_value(decoded) >= 0;
    if (is_unreserved(decoded) && !forges) {
      out.push_back(decoded);
    } else if (slashes && (decoded == '/' || decoded == '\\')) {
      out.push_back('/');
    } else {
      out.append(path.substr(i, 3));
    }
    i += 2;
  }
  return out;
}

// RFC 3986 section 5.2.4, for a path that starts with `/`.
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t next = path.find('/', at + 1);
    const bool last = next == std::string_view::npos;
    const std::string_view segment =
        path.substr(at, last ? next : next - at);  // with its leading slash
    if (segment == "/.." || segment == "/.") {
      if (segment.size() == 3) out.resize(out.empty() ? 0 : out.rfind('/'));
      if (last) out.push_back('/');
    } else {
      out.append(segment);
    }
    if (last) break;
    at = next;
  }
  return out;
}

std::string merge_slashes(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (const char c : path) {
    if (c != '/' || out.empty() || out.back() != '/') out.push_back(c);
  }
  return out;
}

}  // namespace

std::string_view path_without_query(std::string_view path) {
  return path.substr(0, path.find('?'));
}

std::optional<std::string> canonicalise_path(std::string_view target, PathNormalization level) {
  if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return std::nullopt;
  const std::string_view path = path_without_query(target);
  if (has_nul(path) || target.find('\0') != std::string_view::npos) return std::nullopt;
  if (level == PathNormalization::kNone) return std::string(target);
  // Most paths are canonical as they come: nothing to decode and no segment that starts with a dot
  // or is empty.
  const bool plain = path.find_first_of("%\\") == std::string_view::npos &&
                     path.find("/.") == std::string_view::npos &&
                     path.find("//") == std::string_view::npos;
  if (plain) return std::string(target);
  std::string out =
      remove_dot_segments(decode(path, level == PathNormalization::kDecodeAndMergeSlashes));
  if (level >= PathNormalization::kMergeSlashes) out = merge_slashes(out);
  out.append(target.substr(path.size()));
  return out;
}

}  // namespace sm::http
