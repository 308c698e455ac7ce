// SPDX-License-Identifier: Apache-2.0
// HTTPMatchRequest and StringMatch, with the rules of Istio's validation.
#include <fmt/format.h>

#include "base/text.h"
#include "config/read_http.h"
#include "config/scalars.h"

namespace sm::config {
namespace {

constexpr std::string_view kClaims = "@request.auth.claims";

using HeaderMatches = std::vector<std::pair<std::string, StringMatch>>;

HeaderMatches read_header_matches(const View& match, std::string_view field, Reporter& report) {
  HeaderMatches out;
  for (const auto& [name, view] : match.map(field)) {
    if (starts_with_ignoring_case(name, kClaims)) {
      report.unsupported(view.path(), view.mark(),
                         "routing on JWT claims is not supported by this version",
                         "match a header that the application sets");
      continue;
    }
    // Istio ignores these here, because they have fields of their own.
    if (name == "uri" || name == "scheme" || name == "method" || name == "authority") {
      report.add(code::kDeprecated, Severity::kWarning, view.path(), view.mark(),
                 fmt::format("\"{}\" among {} has no effect", name, field),
                 fmt::format("write it beside {}", field));
      continue;
    }
    if (!is_header_name(name)) {
      report.invalid(view.path(), view.mark(), fmt::format("\"{}\" is no header name", name), "");
    }
    if (view.has("prefix") && view.text("prefix").empty()) {
      report.invalid(view.path("prefix"), view.mark("prefix"), "an empty prefix matches everything",
                     "write {} to ask for the header's presence");
    }
    out.emplace_back(to_lower(name), read_string_match(view, report));
  }
  return out;
}

}  // namespace

StringMatch read_string_match(const View& view, Reporter& report) {
  StringMatch match;
  match.mark = view.mark();
  int given = 0;
  const auto take = [&](std::string_view field, StringMatch::Kind kind) {
    if (!view.has(field)) return;
    ++given;
    match.kind = kind;
    match.value = view.text(field);
    match.mark = view.mark(field);
  };
  take("exact", StringMatch::Kind::kExact);
  take("prefix", StringMatch::Kind::kPrefix);
  take("regex", StringMatch::Kind::kRegex);
  if (given > 1) {
    report.invalid(view.path(), view.mark(), "only one of exact, prefix and regex may be given",
                   "keep one of them");
  }
  if (view.has("regex") && view.text("regex").empty()) {
    report.invalid(view.path("regex"), view.mark("regex"), "the regular expression is empty",
                   "write {} to ask for presence, \".*\" for any value");
  }
  // Istio's isCatchAllStringMatch: an empty matcher and the regex "*" ask for presence only.
  if (match.value.empty() || (match.kind == StringMatch::Kind::kRegex && match.value == "*")) {
    match.kind = StringMatch::Kind::kPresent;
    match.value.clear();
  }
  if (match.kind == StringMatch::Kind::kRegex) {
    if (const std::string problem = regex_problem(match.value); !problem.empty()) {
      report.invalid(view.path("regex"), match.mark,
                     "the regular expression is not valid: " + problem,
                     "write RE2 syntax; it has to match the whole value");
    }
  }
  return match;
}

HttpMatch read_http_match(const View& view, Reporter& report) {
  HttpMatch match;
  match.mark = view.mark();
  match.name = view.text("name");
  const auto one = [&](std::string_view field) -> std::optional<StringMatch> {
    const auto child = view.child(field);
    if (!child) return std::nullopt;
    if (field != "uri" && child->has("prefix") && child->text("prefix").empty()) {
      report.invalid(child->path("prefix"), child->mark("prefix"),
                     "an empty prefix matches everything", fmt::format("leave {} out", field));
    }
    StringMatch read = read_string_match(*child, report);
    // Of these fields presence says nothing: every request has them.
    if (read.kind == StringMatch::Kind::kPresent) return std::nullopt;
    return read;
  };
  match.uri = one("uri");
  match.scheme = one("scheme");
  match.method = one("method");
  match.authority = one("authority");
  match.headers = read_header_matches(view, "headers", report);
  match.without_headers = read_header_matches(view, "withoutHeaders", report);
  for (const auto& [name, child] : view.map("queryParams")) {
    match.query_params.emplace_back(name, read_string_match(child, report));
  }
  match.ignore_uri_case = view.flag("ignoreUriCase");
  match.port = read_port(view, "port", report);
  match.source_labels = view.labels("sourceLabels");
  check_labels(view, "sourceLabels", report);
  match.source_namespace = view.text("sourceNamespace");
  match.gateways = read_gateway_names(view, report);
  return match;
}

}  // namespace sm::config
