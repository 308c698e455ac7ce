// SPDX-License-Identifier: Apache-2.0
// Header operations and rewrites on a message (istio-behaviour.md 2.5).
#include "http/path.h"
#include "plan/route.h"

namespace sm::plan {

namespace {

HeaderRules::Values filled_in(const HeaderRules::Values& rules,
                              const std::vector<HeaderTemplate>& templates,
                              const http::RequestHead& request, const StreamFacts& facts) {
  HeaderRules::Values out;
  out.reserve(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    out.emplace_back(rules[i].first, std::string());
    templates[i].append_to(out.back().second, request, facts);
  }
  return out;
}

}  // namespace

void HeaderRules::set(std::string_view name, std::string value) {
  x_set_values.emplace_back(value);
  x_set.emplace_back(to_lower(name), std::move(value));
}

void HeaderRules::add(std::string_view name, std::string value) {
  x_add_values.emplace_back(value);
  x_add.emplace_back(to_lower(name), std::move(value));
}

void HeaderRules::append(const HeaderRules& more) {
  x_remove.insert(x_remove.end(), more.x_remove.begin(), more.x_remove.end());
  x_set.insert(x_set.end(), more.x_set.begin(), more.x_set.end());
  x_add.insert(x_add.end(), more.x_add.begin(), more.x_add.end());
  x_set_values.insert(x_set_values.end(), more.x_set_values.begin(), more.x_set_values.end());
  x_add_values.insert(x_add_values.end(), more.x_add_values.begin(), more.x_add_values.end());
}

HeaderRules::Values HeaderRules::set_values(const http::RequestHead& request,
                                            const StreamFacts& facts) const {
  return filled_in(x_set, x_set_values, request, facts);
}

HeaderRules::Values HeaderRules::add_values(const http::RequestHead& request,
                                            const StreamFacts& facts) const {
  return filled_in(x_add, x_add_values, request, facts);
}

void HeaderRules::apply_to(http::Headers& headers, const http::RequestHead& request,
                           const StreamFacts& facts) const {
  if (empty()) return;
  for (const std::string& name : x_remove) headers.remove(name);
  const Values sets = set_values(request, facts);
  const Values adds = add_values(request, facts);
  for (const auto& [name, value] : sets) {
    if (!value.empty()) headers.set(name, value);
  }
  for (const auto& [name, value] : adds) {
    if (!value.empty()) headers.add(name, value);
  }
}

std::string rewritten_path(const Rewrite& rewrite, std::string_view path) {
  const std::string_view bare = http::path_without_query(path);
  const std::string_view query = path.substr(bare.size());  // with its `?`
  std::string out;
  switch (rewrite.kind) {
    case Rewrite::Kind::kNone:
      return std::string(path);
    case Rewrite::Kind::kWhole:
      out = rewrite.replacement;
      break;
    case Rewrite::Kind::kPrefix:
      // Textual: the route matched, so the path starts with the prefix, if perhaps in another case.
      out = rewrite.replacement;
      if (bare.size() > rewrite.matched_prefix.size())
        out.append(bare.substr(rewrite.matched_prefix.size()));
      break;
    case Rewrite::Kind::kRegex:
      out = bare;
      re2::RE2::GlobalReplace(&out, *rewrite.regex, rewrite.replacement);
      break;
  }
  return out.append(query);
}

void apply_to_request(const Route& route, const WeightedCluster& to, http::RequestHead& head,
                      const StreamFacts& facts) {
  const bool single = route.destinations.size() == 1;
  const HeaderRules& first = single ? route.request_headers : to.request_headers;
  const HeaderRules& second = single ? to.request_headers : route.request_headers;
  first.apply_to(head.headers, head, facts);
  second.apply_to(head.headers, head, facts);

  const std::string& authority =
      route.rewrite.authority.empty() ? to.authority : route.rewrite.authority;
  if (!authority.empty()) {
    head.headers.set("x-envoy-original-host", head.authority);
    head.authority = authority;
  }
  if (route.rewrite.kind != Rewrite::Kind::kNone) {
    head.headers.set("x-envoy-original-path", head.path);
    head.path = rewritten_path(route.rewrite, head.path);
  }
}

void apply_to_response(const Route& route, const WeightedCluster* to,
                       const http::RequestHead& request, http::ResponseHead& head,
                       const StreamFacts& facts) {
  if (to == nullptr) {
    route.response_headers.apply_to(head.headers, request, facts);
    return;
  }
  const bool single = route.destinations.size() == 1;
  const HeaderRules& first = single ? route.response_headers : to->response_headers;
  const HeaderRules& second = single ? to->response_headers : route.response_headers;
  first.apply_to(head.headers, request, facts);
  second.apply_to(head.headers, request, facts);
}

}  // namespace sm::plan
