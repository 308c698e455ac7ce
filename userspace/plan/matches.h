// SPDX-License-Identifier: Apache-2.0
// Match blocks of VirtualServices compiled (istio-behaviour.md 2.2). Lives while a plan is being
// built.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "config/istio.h"
#include "plan/matcher.h"

namespace sm::plan {

// Each expression of a plan is compiled once, with kRegexMemoryBytes at most.
class RegexCache {
 public:
  // Never null; !ok() when the expression is none, or too large.
  std::shared_ptr<const re2::RE2> compile(const std::string& pattern);

 private:
  std::unordered_map<std::string, std::shared_ptr<const re2::RE2>> x_compiled;
};

// Everything but `port` and `gateways`, which are settled when routes are built. The first
// expression that did not compile is told through `bad_pattern` (that matcher never matches).
RequestMatcher compile_match(const config::HttpMatch& match, RegexCache& cache,
                             std::string& bad_pattern);

}  // namespace sm::plan
