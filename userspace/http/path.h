// SPDX-License-Identifier: Apache-2.0
// The one canonical form of a request path, computed once and used for routing, policy and
// forwarding (istio-behaviour.md 7.3 "Path normalisation" and 8.4). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sm::http {

// MeshConfig pathNormalization.normalization.
enum class PathNormalization : std::uint8_t { kNone, kBase, kMergeSlashes, kDecodeAndMergeSlashes };

// `target` is an origin-form target with query. Dot segments are removed, unreserved characters
// decoded, `\` becomes `/` (kBase and stronger); the query is not touched. nullopt: not
// canonicalisable (a fragment, NUL, %00, not starting with `/`): the caller answers 400
// path_normalization_failed.
std::optional<std::string> canonicalise_path(std::string_view target, PathNormalization level);

// The part before `?`.
std::string_view path_without_query(std::string_view path);

}  // namespace sm::http
