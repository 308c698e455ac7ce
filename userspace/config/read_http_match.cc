// SPDX-License-Identifier: Apache-2.0
// HTTPMatchRequest and StringMatch.
#include <fmt/format.h>

#include "base/text.h"
#include "config/istio_names.h"
#include "config/read_http.h"

namespace sm::config {
namespace {

using HeaderMatches = std::vector<std::pair<std::string, StringMatch>>;

HeaderMatches read_header_matches(const View& match, std::string_view field, HttpMatch& owner,
                                  Reporter& report) {
  HeaderMatches out;
  for (const auto& [name, view] : match.map(field)) {
    if (is_jwt_claim(name)) {
      owner.claims.push_back(name);
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
    if (name.starts_with(':')) {
      // Envoy knows the parts of the request line by these names.
      report.unsupported(
          view.path(), view.mark(),
          fmt::format("matching {} among {} is not supported by this version", name, field),
          fmt::format("write it beside {}", field));
      continue;
    }
    out.emplace_back(to_lower(name), read_string_match(view));
  }
  return out;
}

}  // namespace

StringMatch read_string_match(const View& view) {
  StringMatch match;
  match.mark = view.mark();
  const auto take = [&](std::string_view field, StringMatch::Kind kind) {
    if (!view.has(field)) return;
    match.kind = kind;
    match.value = view.text(field);
    match.mark = view.mark(field);
  };
  take("exact", StringMatch::Kind::kExact);
  take("prefix", StringMatch::Kind::kPrefix);
  take("regex", StringMatch::Kind::kRegex);
  // Istio's isCatchAllStringMatch: an empty matcher and the regex "*" ask for presence only.
  if (match.value.empty() || (match.kind == StringMatch::Kind::kRegex && match.value == "*")) {
    match.kind = StringMatch::Kind::kPresent;
    match.value.clear();
  }
  return match;
}

HttpMatch read_http_match(const View& view, Reporter& report) {
  HttpMatch match;
  match.mark = view.mark();
  match.name = view.text("name");
  const auto one = [&view](std::string_view field) -> std::optional<StringMatch> {
    const auto child = view.child(field);
    if (!child) return std::nullopt;
    StringMatch read = read_string_match(*child);
    // Of these fields presence says nothing: every request has them.
    if (read.kind == StringMatch::Kind::kPresent) return std::nullopt;
    return read;
  };
  match.uri = one("uri");
  match.scheme = one("scheme");
  match.method = one("method");
  match.authority = one("authority");
  match.headers = read_header_matches(view, "headers", match, report);
  match.without_headers = read_header_matches(view, "withoutHeaders", match, report);
  for (const auto& [name, child] : view.map("queryParams")) {
    match.query_params.emplace_back(name, read_string_match(child));
  }
  match.ignore_uri_case = view.flag("ignoreUriCase");
  match.port = read_port(view, "port");
  match.source_labels = view.labels("sourceLabels");
  match.source_namespace = view.text("sourceNamespace");
  match.gateways = view.texts("gateways");
  return match;
}

}  // namespace sm::config
