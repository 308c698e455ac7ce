// SPDX-License-Identifier: Apache-2.0
// What one HTTP route of a VirtualService has to keep to.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/istio_names.h"
#include "config/judge.h"
#include "config/scalars.h"
#include "config/validate.h"

namespace sm::config {
namespace {

constexpr std::size_t kDirectBodyBytesMax = 1024 * 1024;
constexpr std::size_t kDirectBodyBytesWarned = 100 * 1024;
constexpr std::int64_t kStatusMax = 600;  // sic: the webhook's upper bound is inclusive

// What only makes sense with forwarding is refused beside what answers by itself.
void validate_action(const View& route, bool delegate, Reporter& report) {
  const Judge judge(route, report);
  const auto clash = [&](std::string_view one, std::string_view other) {
    if (!route.has(one) || !route.has(other)) return;
    judge.refuse(other, fmt::format("{} and {} exclude each other", one, other),
                 "keep one of them");
  };
  if (route.has("delegate") && delegate) {
    judge.refuse("delegate", "a delegate cannot delegate further",
                 "write the routes, or give this VirtualService hosts");
  } else if (route.has("delegate")) {
    clash("delegate", "redirect");
    clash("delegate", "route");
    return;
  }
  for (const std::string_view answer : {"redirect", "directResponse"}) {
    if (!route.has(answer)) continue;
    if (route.size("route") > 0) clash(answer, "route");
    clash(answer, "fault");
    clash(answer, "rewrite");
  }
  clash("redirect", "directResponse");
  if (!route.has("redirect") && !route.has("directResponse") && route.size("route") == 0) {
    judge.refuse("route", "an http route needs route, redirect or directResponse",
                 "write route: [{destination: {host: ...}}]");
  }
  if (route.size("mirrors") > 0) clash("mirror", "mirrors");
}

bool is_authority(std::string_view name) {
  return equals_ignoring_case(name, ":authority") || equals_ignoring_case(name, "host");
}

void validate_operation_name(const Judge& judge, std::string_view field, const std::string& name,
                             bool authority_allowed) {
  if (name.empty()) {
    judge.refuse(field, "a header operation needs a name", "name the header");
  } else if (is_authority(name)) {
    if (authority_allowed) return;
    judge.refuse(field, fmt::format("\"{}\" cannot be changed here", name),
                 "use rewrite.authority");
  } else if (name.front() == ':') {
    judge.refuse(field, fmt::format("\"{}\" is no header", name),
                 "change the path by rewrite; method and scheme stay as they are");
  }
}

void validate_operations(const View& operations, bool request, Reporter& report) {
  const Judge judge(operations, report);
  for (const std::string_view field : {"add", "set"}) {
    for (const auto& [name, value] : operations.pairs(field)) {
      validate_operation_name(judge, field, name, request);
      if (const std::string problem = header_value_problem(value); !problem.empty()) {
        judge.refuse(field, fmt::format("the value of {} is malformed: {}", name, problem),
                     "write %% for a percent sign");
      }
    }
  }
  for (const std::string& name : operations.texts("remove")) {
    validate_operation_name(judge, "remove", name, false);
  }
}

void validate_headers(const View& owner, Reporter& report) {
  const auto headers = owner.child("headers");
  if (!headers) return;
  if (const auto request = headers->child("request")) validate_operations(*request, true, report);
  if (const auto response = headers->child("response")) {
    validate_operations(*response, false, report);
  }
}

// rewrite.authority and operations on the host say the same thing; one may.
void validate_authority(const View& route, Reporter& report) {
  int given = 0;
  if (const auto rewrite = route.child("rewrite")) {
    given += rewrite->text("authority").empty() ? 0 : 1;
  }
  const auto headers = route.child("headers");
  const auto request = headers ? headers->child("request") : std::nullopt;
  if (!request) return;
  for (const std::string_view field : {"set", "add"}) {
    for (const auto& [name, value] : request->pairs(field)) {
      if (!is_authority(name)) continue;
      if (given > 0) {
        Judge(*request, report)
            .refuse(field, "the authority is changed twice", "keep one of the changes");
      }
      given += value.empty() ? 0 : 1;
    }
  }
}

void validate_mirrors(const View& route, Reporter& report) {
  const Judge judge(route, report);
  if (route.has("mirrorPercent")) {
    if (route.integer("mirrorPercent").value_or(0) > 100) {
      judge.refuse("mirrorPercent", "more than everything cannot be mirrored",
                   "write mirrorPercentage: {value: 100}");
    }
    judge.warn("mirrorPercent", "mirrorPercent is deprecated", "write mirrorPercentage");
  }
  const auto percentage = [&report](const std::optional<View>& percent) {
    const double value = percent ? percent->number("value").value_or(0.0) : 0.0;
    if (value >= 0.0 && value <= 100.0) return;
    Judge(*percent, report)
        .refuse("value", fmt::format("{} is no percentage", value), "write a number from 0 to 100");
  };
  percentage(route.child("mirrorPercentage"));
  if (const auto mirror = route.child("mirror")) validate_destination(*mirror, report);
  for (const View& mirror : route.list("mirrors")) {
    if (const auto to = mirror.child("destination")) validate_destination(*to, report);
    percentage(mirror.child("percentage"));
  }
}

void validate_redirect(const View& route, const View& redirect, Reporter& report) {
  const Judge judge(redirect, report);
  const bool prefix = !redirect.text("prefixRewrite").empty();
  if (prefix && !redirect.text("uri").empty()) {
    judge.refuse("prefixRewrite", "uri and prefixRewrite exclude each other", "keep one of them");
  }
  for (const View& match : route.list("match")) {
    const auto uri = match.child("uri");
    if (!prefix || !uri || uri->has("prefix")) continue;
    judge.refuse("prefixRewrite", "prefixRewrite needs matches by uri prefix alone",
                 "match uri: {prefix: ...}, or write uri");
  }
  if (redirect.text("uri").empty() && !prefix && redirect.text("authority").empty() &&
      redirect.text("scheme").empty() && !redirect.has("port") && !redirect.has("derivePort")) {
    judge.refuse_all("a redirect has to change something", "set uri, authority, scheme or port");
  }
  const std::int64_t code = redirect.integer("redirectCode").value_or(0);
  if (code != 0 && (code < 300 || code > 399)) {
    judge.refuse("redirectCode", fmt::format("{} is no redirect", code),
                 "use 301, 302, 303, 307 or 308");
  }
  const std::string scheme = redirect.text("scheme");
  if (!scheme.empty() && scheme != "http" && scheme != "https") {
    judge.refuse("scheme", fmt::format("\"{}\" is no scheme of a redirect", scheme),
                 "write http or https");
  }
  validate_port(redirect, "port", true, report);
}

void validate_direct_response(const View& direct, Reporter& report) {
  const Judge judge(direct, report);
  const std::int64_t status = direct.integer("status").value_or(200);
  if (status < 200 || status > kStatusMax) {
    judge.refuse("status", fmt::format("{} is no status", status),
                 "write a status from 200 to 599");
  }
  const auto body = direct.child("body");
  if (!body) return;
  // Base64 has four bytes for three.
  const std::size_t bytes =
      body->has("bytes") ? body->text("bytes").size() / 4 * 3 : body->text("string").size();
  if (bytes > kDirectBodyBytesMax) {
    judge.refuse("body", "the body is larger than 1 MiB", "serve it by an application");
  } else if (bytes > kDirectBodyBytesWarned) {
    judge.warn("body", "the body is larger than 100 KiB", "serve it by an application");
  }
}

bool is_retry_policy(std::string_view policy) {
  constexpr std::string_view kPolicies[] = {
      "5xx",
      "gateway-error",
      "reset",
      "reset-before-request",
      "connect-failure",
      "retriable-4xx",
      "refused-stream",
      "retriable-status-codes",
      "retriable-headers",
      "envoy-ratelimited",
      "http3-post-connect-failure",
      "cancelled",
      "deadline-exceeded",
      "internal",
      "resource-exhausted",
      "unavailable",
  };
  return std::find(std::begin(kPolicies), std::end(kPolicies), policy) != std::end(kPolicies);
}

// The codes that have a name in Go's net/http.
bool is_named_status(std::string_view text) {
  struct Range {
    int first, last;
  };
  constexpr Range kNamed[] = {{100, 103}, {200, 208}, {226, 226}, {300, 305},
                              {307, 308}, {400, 418}, {421, 426}, {428, 429},
                              {431, 431}, {451, 451}, {500, 508}, {510, 511}};
  if (text.size() != 3) return false;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return std::any_of(std::begin(kNamed), std::end(kNamed), [value](const Range& range) {
    return value >= range.first && value <= range.last;
  });
}

void validate_retries(const View& retries, Reporter& report) {
  const Judge judge(retries, report);
  const std::int64_t attempts = retries.integer("attempts").value_or(0);
  if (attempts < 0) judge.refuse("attempts", "attempts cannot be negative", "0 disables retries");
  if (attempts == 0 && (retries.has("perTryTimeout") || !retries.text("retryOn").empty() ||
                        retries.has("retryRemoteLocalities"))) {
    judge.refuse("attempts", "retries are configured and switched off at once",
                 "write attempts of 1 or more, or attempts: 0 alone");
  }
  std::string_view rest;
  const std::string policies = retries.text("retryOn");
  for (rest = policies; !policies.empty();) {
    // Blanks count, as with the webhook.
    const std::size_t comma = rest.find(',');
    const std::string_view policy = rest.substr(0, comma);
    if (!is_retry_policy(policy) && !is_named_status(policy)) {
      judge.refuse("retryOn", fmt::format("\"{}\" is no condition of a retry", policy),
                   "write conditions with commas and no blanks, as \"5xx,reset\"");
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
}

void validate_rewrite(const View& rewrite, Reporter& report) {
  const Judge judge(rewrite, report);
  const auto regex = rewrite.child("uriRegexRewrite");
  if (regex && !rewrite.text("uri").empty()) {
    judge.refuse_all("uri and uriRegexRewrite exclude each other", "keep one of them");
  }
  if (!regex && rewrite.text("uri").empty() && rewrite.text("authority").empty()) {
    judge.refuse_all("a rewrite has to change something", "set uri, authority or uriRegexRewrite");
  }
  if (!regex) return;
  for (const std::string_view field : {"match", "rewrite"}) {
    if (!regex->text(field).empty()) continue;
    Judge(*regex, report)
        .refuse(field, fmt::format("uriRegexRewrite needs {}", field),
                "write match: \"^/old/(.*)\" and rewrite: \"/new/\\1\"");
  }
  if (!regex->text("match").empty()) validate_regex(*regex, "match", report);
}

void validate_destinations(const View& route, Reporter& report) {
  for (const View& entry : route.list("route")) {
    if (const auto to = entry.child("destination")) validate_destination(*to, report);
    validate_headers(entry, report);
  }
  validate_weights(route, report);
}

void validate_header_matches(const View& match, std::string_view field, Reporter& report) {
  for (const auto& [name, entry] : match.map(field)) {
    if (!is_header_name(name) && !is_jwt_claim(name) && !is_pseudo_header(name)) {
      Judge(entry, report)
          .refuse_all(fmt::format("\"{}\" is no header name", name), "write the header's name");
    }
    // Istio's word for presence, which is no regular expression.
    if (field == "withoutHeaders" && entry.text("regex") == "*") continue;
    validate_string_match(entry, false, report);
  }
}

}  // namespace

void validate_http_match(const View& match, Reporter& report) {
  validate_header_matches(match, "headers", report);
  validate_header_matches(match, "withoutHeaders", report);
  for (const std::string_view field : {"uri", "scheme", "method", "authority"}) {
    if (const auto entry = match.child(field)) {
      validate_string_match(*entry, field == "uri", report);
    }
  }
  for (const auto& [name, entry] : match.map("queryParams")) {
    validate_string_match(entry, false, report);
  }
  validate_port(match, "port", true, report);
  validate_labels(match, "sourceLabels", report);
  validate_gateway_names(match, report);
  const std::string source = match.text("sourceNamespace");
  if (!source.empty() && !is_istio_label(source)) {
    Judge(match, report)
        .refuse("sourceNamespace", fmt::format("\"{}\" is no namespace", source),
                "write the name of a namespace");
  }
}

void validate_http_route(const View& route, bool delegate, Reporter& report) {
  validate_action(route, delegate, report);
  for (const View& match : route.list("match")) validate_http_match(match, report);
  validate_headers(route, report);
  if (const auto cors = route.child("corsPolicy")) validate_cors(*cors, report);
  if (const auto fault = route.child("fault")) validate_fault(*fault, report);
  validate_mirrors(route, report);
  if (const auto redirect = route.child("redirect")) validate_redirect(route, *redirect, report);
  if (const auto direct = route.child("directResponse")) validate_direct_response(*direct, report);
  if (const auto retries = route.child("retries")) validate_retries(*retries, report);
  if (const auto rewrite = route.child("rewrite")) validate_rewrite(*rewrite, report);
  validate_authority(route, report);
  validate_destinations(route, report);
}

}  // namespace sm::config
