// SPDX-License-Identifier: Apache-2.0
// What a RequestAuthentication has to keep to.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "config/judge.h"
#include "config/validate.h"

namespace sm::config {
namespace {

// "http" or "https", a host, and a port that is a number if there is one.
bool is_web_url(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, end);
  if (scheme != "http" && scheme != "https") return false;
  std::string_view authority = text.substr(end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (text.find_first_of(" \t\r\n") != std::string_view::npos) return false;
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos)
    return true;
  const std::string_view port = authority.substr(colon + 1);
  return std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool has_texts(const Json& key, std::initializer_list<const char*> members) {
  return std::all_of(members.begin(), members.end(), [&key](const char* member) {
    const auto found = key.find(member);
    return found != key.end() && found->is_string() && !found->get<std::string>().empty();
  });
}

bool is_key(const Json& key) {
  if (!key.is_object() || !has_texts(key, {"kty"})) return false;
  const std::string type = key["kty"].get<std::string>();
  if (type == "RSA") return has_texts(key, {"n", "e"});
  if (type == "EC") return has_texts(key, {"crv", "x", "y"});
  if (type == "OKP") return has_texts(key, {"crv", "x"});
  return type == "oct" && has_texts(key, {"k"});
}

bool is_key_set(const std::string& text) {
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object()) return false;
  const auto keys = parsed->find("keys");
  if (keys == parsed->end()) return is_key(*parsed);
  return keys->is_array() && std::all_of(keys->begin(), keys->end(), is_key);
}

bool is_strict_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

void no_empty_entries(const View& rule, std::string_view field, Reporter& report) {
  for (const auto& [text, mark] : rule.marked_texts(field)) {
    if (!text.empty()) continue;
    Judge(rule, report)
        .refuse(field, mark, fmt::format("{} has an empty entry", field), "remove it");
  }
}

void validate_rule(const View& rule, Reporter& report) {
  const Judge judge(rule, report);
  const std::string uri = rule.text("jwksUri");
  if (rule.text("issuer").empty() && uri.empty()) {
    judge.refuse("issuer", "a JWT rule needs an issuer", "write issuer, or jwksUri");
  }
  if (!uri.empty() && !is_web_url(uri)) {
    judge.refuse("jwksUri", fmt::format("\"{}\" is no URL of keys", uri),
                 "write http://... or https://...");
  }
  if (!rule.text("jwks").empty() && !is_key_set(rule.text("jwks"))) {
    judge.refuse("jwks", "jwks is no JSON Web Key Set", "write {\"keys\": [...]} with public keys");
  }
  for (const std::string_view field :
       {"audiences", "fromParams", "fromCookies", "spaceDelimitedClaims"}) {
    no_empty_entries(rule, field, report);
  }
  for (const View& claim : rule.list("outputClaimToHeaders")) {
    const std::string header = claim.text("header");
    if (header.empty() || is_strict_header_name(header)) continue;
    Judge(claim, report)
        .refuse("header", fmt::format("\"{}\" is no header name", header),
                "use letters, digits, dashes and underscores");
  }
}

}  // namespace

void validate_request_authentication(const View& spec, Reporter& report) {
  if (const auto selector = spec.child("selector")) {
    validate_selector(*selector, "matchLabels", report);
  }
  validate_target_refs(spec, report);
  for (const View& rule : spec.list("jwtRules")) validate_rule(rule, report);
}

}  // namespace sm::config
