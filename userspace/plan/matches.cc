// SPDX-License-Identifier: Apache-2.0
#include "plan/matches.h"

#include "base/limits.h"
#include "base/text.h"

namespace sm::plan {

namespace {

class Compiler {
 public:
  Compiler(RegexCache& cache, std::string& bad_pattern)
      : x_cache(cache), x_bad_pattern(bad_pattern) {}

  TextMatcher compile(const config::StringMatch& match, bool ignore_case = false) {
    switch (match.kind) {
      case config::StringMatch::Kind::kPresent:
        return TextMatcher::present();
      case config::StringMatch::Kind::kExact:
        return TextMatcher::exact(match.value, ignore_case);
      case config::StringMatch::Kind::kPrefix:
        return TextMatcher::prefix(match.value, ignore_case);
      case config::StringMatch::Kind::kRegex:
        break;
    }
    // Istio reads the lone star as presence.
    if (match.value == "*") return TextMatcher::present();
    auto regex = x_cache.compile(match.value);
    if (!regex->ok() && x_bad_pattern.empty()) x_bad_pattern = match.value;
    return TextMatcher::regex(std::move(regex));
  }

  // An empty matcher of a part that every request has says nothing.
  std::optional<TextMatcher> compile(const std::optional<config::StringMatch>& match,
                                     bool ignore_case = false) {
    if (!match || match->kind == config::StringMatch::Kind::kPresent) return std::nullopt;
    return compile(*match, ignore_case);
  }

 private:
  RegexCache& x_cache;
  std::string& x_bad_pattern;
};

bool is_request_part(std::string_view name) {
  return name == "uri" || name == "scheme" || name == "method" || name == "authority";
}

}  // namespace

std::shared_ptr<const re2::RE2> RegexCache::compile(const std::string& pattern) {
  auto& place = x_compiled[pattern];
  if (!place) {
    re2::RE2::Options options;
    options.set_max_mem(kRegexMemoryBytes);
    options.set_log_errors(false);
    place = std::make_shared<const re2::RE2>(pattern, options);
  }
  return place;
}

RequestMatcher compile_match(const config::HttpMatch& match, RegexCache& cache,
                             std::string& bad_pattern) {
  Compiler compiler(cache, bad_pattern);
  RequestMatcher out;
  out.uri = compiler.compile(match.uri, match.ignore_uri_case);
  out.scheme = compiler.compile(match.scheme);
  out.method = compiler.compile(match.method);
  out.authority = compiler.compile(match.authority);
  for (const auto& [name, value] : match.headers) {
    // Istio passes over these names here: they are fields of their own.
    if (!is_request_part(name)) out.headers.emplace_back(to_lower(name), compiler.compile(value));
  }
  for (const auto& [name, value] : match.without_headers) {
    if (!is_request_part(name))
      out.without_headers.emplace_back(to_lower(name), compiler.compile(value));
  }
  for (const auto& [name, value] : match.query_params)
    out.query_params.emplace_back(name, compiler.compile(value));
  // With gateways set, the client's labels and namespace are not asked.
  if (match.gateways.empty()) {
    out.source_labels = match.source_labels;
    out.source_namespace = match.source_namespace;
  }
  return out;
}

}  // namespace sm::plan
