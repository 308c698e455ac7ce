// SPDX-License-Identifier: Apache-2.0
// RequestMatcher: one `match` block of a VirtualService route, compiled (istio-behaviour.md 2.2).
// Const, pure.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "plan/workload.h"

namespace sm::plan {

class TextMatcher {
 public:
  enum class Kind : std::uint8_t { kPresent, kExact, kPrefix, kRegex };
  static TextMatcher present();
  static TextMatcher exact(std::string value, bool ignore_case = false);
  static TextMatcher prefix(std::string value, bool ignore_case = false);
  static TextMatcher regex(std::shared_ptr<const re2::RE2> compiled);  // matches the whole value
  bool matches(std::string_view text) const;
  Kind kind() const { return x_kind; }
  const std::string& value() const { return x_value; }

 private:
  Kind x_kind = Kind::kPresent;
  bool x_ignore_case = false;
  std::string x_value;
  std::shared_ptr<const re2::RE2> x_regex;
};

// A request as matchers see it.
struct RequestView {
  const http::RequestHead& head;
  std::string_view path;   // canonical, without query
  std::string_view query;  // without `?`
  std::uint16_t port = 0;  // listener (service) port
  const Workload* client =
      nullptr;  // null at a gateway: sourceLabels and sourceNamespace do not apply there
  static RequestView of(const http::RequestHead& head, std::uint16_t port, const Workload* client);
};

// Which clients a route is for: those of a namespace, with these labels. Nothing set: all.
struct ClientCondition {
  Labels labels;
  std::string namespace_;
  // A gateway (`client` is null) is no client of the mesh and passes.
  bool holds_for(const Workload* client) const;
};

struct RequestMatcher {
  std::optional<TextMatcher> uri, scheme, method, authority;
  std::vector<std::pair<std::string, TextMatcher>> headers;
  std::vector<std::pair<std::string, TextMatcher>> without_headers;
  std::vector<std::pair<std::string, TextMatcher>> query_params;
  std::optional<std::uint16_t> port;
  Labels source_labels;
  std::string source_namespace;
  // Istio leaves out the routes that are not for a client; when none is left the service's default
  // route takes over. That default route carries the conditions of all routes here, and matches
  // clients for whom none of them holds.
  std::vector<ClientCondition> unless_client;

  bool matches_all() const;  // an unconditional route
  // When it does not match and `because` is given: which condition failed, for a person.
  bool matches(const RequestView& request, std::string* because = nullptr) const;
  // "prefix /foo, header user-agent regex .*Firefox.*": for proxy-config and explain; "/*" for
  // everything.
  std::string describe() const;
};

}  // namespace sm::plan
