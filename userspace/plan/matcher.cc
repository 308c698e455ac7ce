// SPDX-License-Identifier: Apache-2.0
#include "plan/matcher.h"

#include <algorithm>

#include "plan/header_template.h"

namespace sm::plan {

namespace {

// "exact /foo", "prefix /foo", "regex .*x.*", "present"
std::string words(const TextMatcher& matcher) {
  switch (matcher.kind()) {
    case TextMatcher::Kind::kPresent:
      return "present";
    case TextMatcher::Kind::kExact:
      return "exact " + matcher.value();
    case TextMatcher::Kind::kPrefix:
      return "prefix " + matcher.value();
    case TextMatcher::Kind::kRegex:
      return "regex " + matcher.value();
  }
  return {};
}

// Any one value of a repeated header may match (Envoy since 1.39).
bool any_value_matches(const http::RequestHead& head, const std::string& name,
                       const TextMatcher& matcher, bool& present) {
  std::string_view value;
  if (name == "host" || name.starts_with(':')) {
    present = request_value(head, name, value);
    return present && matcher.matches(value);
  }
  present = false;
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const http::Headers::Field field = head.headers.at(i);
    if (field.name != name) continue;
    present = true;
    if (matcher.matches(field.value)) return true;
  }
  return false;
}

// An absent header counts as an empty value, so it passes unless the matcher accepts that; `{}`
// asks for absence.
bool excluded_header_passes(const http::RequestHead& head, const std::string& name,
                            const TextMatcher& matcher) {
  bool present = false;
  if (any_value_matches(head, name, matcher, present)) return false;
  if (present || matcher.kind() == TextMatcher::Kind::kPresent) return true;
  return !matcher.matches("");
}

// The first occurrence, not decoded; a name without `=` has an empty value.
bool query_param(std::string_view query, std::string_view name, std::string_view& value) {
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    const std::size_t equals = part.find('=');
    if (part.substr(0, equals) == name) {
      value = equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
      return true;
    }
    query.remove_prefix(std::min(query.size(), part.size() + 1));
  }
  return false;
}

bool refuse(std::string* because, const std::string& reason) {
  if (because != nullptr) *because = reason;
  return false;
}

bool part_matches(const std::optional<TextMatcher>& matcher, const char* what,
                  std::string_view text, std::string* because) {
  if (!matcher || matcher->matches(text)) return true;
  if (because == nullptr) return false;
  return refuse(because,
                std::string(what) + " " + std::string(text) + " is not " + words(*matcher));
}

std::string condition_words(const Labels& labels, const std::string& home) {
  std::string out;
  for (const auto& [key, value] : labels) out += (out.empty() ? "" : ", ") + key + "=" + value;
  if (!out.empty()) out = "sourceLabels " + out;
  if (!home.empty()) out += (out.empty() ? "sourceNamespace " : ", sourceNamespace ") + home;
  return out;
}

bool client_passes(const Labels& labels, const std::string& home, const Workload* client) {
  if (client == nullptr) return true;
  if (!home.empty() && client->namespace_ != home) return false;
  return std::all_of(labels.begin(), labels.end(), [client](const auto& wanted) {
    const auto found = client->labels.find(wanted.first);
    return found != client->labels.end() && found->second == wanted.second;
  });
}

}  // namespace

bool ClientCondition::holds_for(const Workload* client) const {
  return client_passes(labels, namespace_, client);
}

RequestView RequestView::of(const http::RequestHead& head, std::uint16_t port,
                            const Workload* client) {
  const std::string_view whole = head.path;
  const std::size_t question = whole.find('?');
  const std::string_view query =
      question == std::string_view::npos ? std::string_view{} : whole.substr(question + 1);
  return {head, whole.substr(0, question), query, port, client};
}

bool RequestMatcher::matches_all() const {
  const bool every_path = !uri || (uri->kind() == TextMatcher::Kind::kPrefix &&
                                   (uri->value() == "/" || uri->value().empty()));
  return every_path && !scheme && !method && !authority && headers.empty() &&
         without_headers.empty() && query_params.empty() && !port && source_labels.empty() &&
         source_namespace.empty() && unless_client.empty();
}

bool RequestMatcher::matches(const RequestView& request, std::string* because) const {
  const http::RequestHead& head = request.head;
  if (!part_matches(uri, "uri", request.path, because) ||
      !part_matches(scheme, "scheme", head.scheme, because) ||
      !part_matches(method, "method", head.method, because) ||
      !part_matches(authority, "authority", head.authority, because)) {
    return false;
  }
  if (port && *port != request.port) {
    return because != nullptr && refuse(because, "port " + std::to_string(request.port) +
                                                     " is not " + std::to_string(*port));
  }
  for (const auto& [name, matcher] : headers) {
    bool present = false;
    if (any_value_matches(head, name, matcher, present)) continue;
    if (because == nullptr) return false;
    return refuse(because, present ? "header " + name + " is not " + words(matcher)
                                   : "header " + name + " is absent");
  }
  for (const auto& [name, matcher] : without_headers) {
    if (excluded_header_passes(head, name, matcher)) continue;
    return because != nullptr && refuse(because, "header " + name + " is " + words(matcher) +
                                                     ", which withoutHeaders excludes");
  }
  for (const auto& [name, matcher] : query_params) {
    std::string_view value;
    const bool present = query_param(request.query, name, value);
    if (present && matcher.matches(value)) continue;
    if (because == nullptr) return false;
    return refuse(because, present ? "query parameter " + name + " is not " + words(matcher)
                                   : "query parameter " + name + " is absent");
  }
  if (!client_passes(source_labels, source_namespace, request.client)) {
    return because != nullptr &&
           refuse(because,
                  "the client is not of " + condition_words(source_labels, source_namespace));
  }
  for (const ClientCondition& other : unless_client) {
    if (!other.holds_for(request.client)) continue;
    return because != nullptr && refuse(because, "routes are meant for this client");
  }
  return true;
}

std::string RequestMatcher::describe() const {
  std::vector<std::string> parts;
  const auto add = [&parts](const char* what, const std::optional<TextMatcher>& matcher) {
    if (matcher) parts.push_back(std::string(what) + words(*matcher));
  };
  add("", uri);
  add("scheme ", scheme);
  add("method ", method);
  add("authority ", authority);
  for (const auto& [name, matcher] : headers)
    parts.push_back("header " + name + " " + words(matcher));
  for (const auto& [name, matcher] : without_headers)
    parts.push_back("without header " + name + " " + words(matcher));
  for (const auto& [name, matcher] : query_params)
    parts.push_back("query " + name + " " + words(matcher));
  if (port) parts.push_back("port " + std::to_string(*port));
  if (!source_labels.empty() || !source_namespace.empty())
    parts.push_back(condition_words(source_labels, source_namespace));
  if (!unless_client.empty()) parts.emplace_back("no route for the client");
  if (parts.empty()) return "/*";
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

}  // namespace sm::plan
