// SPDX-License-Identifier: Apache-2.0
// Paths: a canonical path is its own canonical form and has no dot segment, backslash or (where
// merged) double slash. What was behind the first `?` is untouched.
#include "fuzz/require.h"
#include "http/path.h"

namespace sm::http {
namespace {

using fuzz::require;

void check(std::string_view target, PathNormalization level) {
  const auto once = canonicalise_path(target, level);
  if (!once) return;
  const auto twice = canonicalise_path(*once, level);
  require(twice.has_value(), "a canonical path is canonicalisable");
  fuzz::require_same(*once, *twice, "a canonical path is its own canonical form");
  const std::string_view path = path_without_query(*once);
  require(path.starts_with('/'), "a path starts with a slash");
  require(once->substr(path.size()) == target.substr(path_without_query(target).size()),
          "the query is untouched");
  if (level == PathNormalization::kNone) return;
  require(path.find('\\') == std::string_view::npos, "no backslash");
  const std::string closed = std::string(path) + "/";
  require(closed.find("/./") == std::string::npos && closed.find("/../") == std::string::npos,
          "no dot segment");
  if (level == PathNormalization::kBase) return;
  require(path.find("//") == std::string_view::npos, "no double slash");
}

}  // namespace
}  // namespace sm::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  using Level = sm::http::PathNormalization;
  for (const Level level :
       {Level::kNone, Level::kBase, Level::kMergeSlashes, Level::kDecodeAndMergeSlashes}) {
    sm::http::check(target, level);
  }
  return 0;
}
