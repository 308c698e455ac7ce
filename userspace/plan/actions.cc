// SPDX-License-Identifier: Apache-2.0
#include "plan/actions.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace sm::plan {

namespace {

constexpr std::string_view kPrefixMark = "%PREFIX()%";

// The prefix that a match with `uri: prefix` takes; without a uri match every path, that is the
// prefix `/`.
std::string matched_prefix(const config::HttpMatch* match) {
  if (match == nullptr || !match->uri || match->uri->kind != config::StringMatch::Kind::kPrefix)
    return "/";
  return match->uri->value;
}

bool matches_by_prefix(const config::HttpMatch* match) {
  return match == nullptr || !match->uri ||
         match->uri->kind == config::StringMatch::Kind::kPresent ||
         match->uri->kind == config::StringMatch::Kind::kPrefix;
}

}  // namespace

Redirect make_redirect(const config::Redirect& from, const config::HttpMatch* match,
                       std::uint16_t port) {
  Redirect out;
  out.code = from.code;
  out.scheme = from.scheme;
  out.authority = from.authority;
  out.path = from.uri;
  if (std::string_view(from.uri).starts_with(kPrefixMark)) {
    out.path = from.uri.substr(kPrefixMark.size());
    out.replaces_prefix = true;
    out.prefix = matched_prefix(match);
  }
  out.port = from.port;
  if (!out.port && from.derive_port == "FROM_REQUEST_PORT") out.port = port;
  // Plaintext HTTP is all that is served so far, so a redirect without a scheme stays with http.
  const std::string_view scheme = from.scheme.empty() ? std::string_view("http") : from.scheme;
  if (out.port &&
      ((*out.port == 80 && scheme == "http") || (*out.port == 443 && scheme == "https")))
    out.port.reset();
  return out;
}

Rewrite make_rewrite(const config::HttpRewrite& from, const config::HttpMatch* match,
                     RegexCache& cache) {
  Rewrite out;
  out.authority = from.authority;
  if (!from.regex_match.empty()) {
    auto regex = cache.compile(from.regex_match);
    std::string unused;
    if (regex->ok() && regex->CheckRewriteString(from.regex_rewrite, &unused)) {
      out.kind = Rewrite::Kind::kRegex;
      out.regex = std::move(regex);
      out.replacement = from.regex_rewrite;
    }
  } else if (from.has_uri && !from.uri.empty()) {
    out.replacement = from.uri;
    out.kind = matches_by_prefix(match) ? Rewrite::Kind::kPrefix : Rewrite::Kind::kWhole;
    if (out.kind == Rewrite::Kind::kPrefix) out.matched_prefix = matched_prefix(match);
  }
  return out;
}

HeaderRules make_header_rules(const config::HeaderOperations& from, std::string* authority,
                              std::vector<std::string>& refused) {
  HeaderRules out;
  for (const std::string& name : from.remove) {
    const std::string lowered = to_lower(name);
    if (lowered.starts_with(':') || lowered == "host") {
      refused.push_back(name);
    } else {
      out.remove(lowered);
    }
  }
  // True when the name is an ordinary header. `add` first, so that of both `set` has the last word
  // on the authority.
  const auto is_header = [&](const std::string& name, const std::string& value) {
    const std::string lowered = to_lower(name);
    if (authority != nullptr && (lowered == "host" || lowered == ":authority")) {
      *authority = value;
      return false;
    }
    if (!lowered.starts_with(':')) return true;
    refused.push_back(name);
    return false;
  };
  for (const auto& [name, value] : from.add) {
    if (is_header(name, value)) out.add(name, value);
  }
  for (const auto& [name, value] : from.set) {
    if (is_header(name, value)) out.set(name, value);
  }
  return out;
}

std::uint32_t per_million(double percent) {
  const double clamped = std::clamp(percent, 0.0, 100.0);
  return static_cast<std::uint32_t>(std::lround(clamped * 10000.0));
}

}  // namespace sm::plan
