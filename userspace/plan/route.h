// SPDX-License-Identifier: Apache-2.0
// Routes made executable: a table finds the virtual host by the request's authority, a virtual host
// tries its routes in order, a route says where the request goes and what is changed on it
// (istio-behaviour.md 1.5, 1.6, 2). Part of a RunPlan, const; the functions are pure and called by
// workers and by the CLI alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "base/text.h"
#include "http/message.h"
#include "plan/cluster.h"
#include "plan/header_template.h"
#include "plan/matcher.h"

namespace sm::plan {

// Header operations in Istio's order: remove, set, add. Values may hold %...% substitutions (2.5),
// compiled when built.
class HeaderRules {
 public:
  // `name` in any case, kept in lower case. The planner never gives `host` or a name that starts
  // with `:` (2.5).
  void remove(std::string_view name) { x_remove.push_back(to_lower(name)); }
  void set(std::string_view name, std::string value);
  void add(std::string_view name, std::string value);
  // Everything of `more` after what is here: one step, as Istio does for a route's only
  // destination.
  void append(const HeaderRules& more);
  bool empty() const { return x_remove.empty() && x_set.empty() && x_add.empty(); }
  const auto& removals() const { return x_remove; }
  // As written, substitutions not done.
  const auto& sets() const { return x_set; }
  const auto& adds() const { return x_add; }

  // One step: removes, then computes all values from `request` as it is then, then sets, then adds.
  // A value that comes out empty does nothing, as in Envoy. `headers` may be those of `request`.
  void apply_to(http::Headers& headers, const http::RequestHead& request,
                const StreamFacts& facts) const;

  // The values of sets() and adds() for one request.
  using Values = std::vector<std::pair<std::string, std::string>>;
  Values set_values(const http::RequestHead& request, const StreamFacts& facts) const;
  Values add_values(const http::RequestHead& request, const StreamFacts& facts) const;

 private:
  std::vector<std::string> x_remove;
  std::vector<std::pair<std::string, std::string>> x_set;
  std::vector<std::pair<std::string, std::string>> x_add;
  std::vector<HeaderTemplate> x_set_values;
  std::vector<HeaderTemplate> x_add_values;
};

struct WeightedCluster {
  std::string cluster_name;
  const Cluster* cluster = nullptr;  // null: no such service or subset; 503 NC
  std::uint32_t weight = 0;
  std::string
      authority;  // host rewrite (`set: {host: x}`), used when the route has none of its own
  HeaderRules request_headers;
  HeaderRules response_headers;
};

struct MirrorTarget {
  std::string cluster_name;
  const Cluster* cluster = nullptr;  // null: the copy goes nowhere
  std::uint32_t per_million = 1'000'000;
};

struct Rewrite {
  enum class Kind : std::uint8_t { kNone, kPrefix, kWhole, kRegex };
  Kind kind = Kind::kNone;
  std::string matched_prefix;  // kPrefix: what is replaced
  std::string replacement;
  std::shared_ptr<const re2::RE2> regex;
  std::string authority;  // empty: unchanged
};

struct Redirect {
  int code = 301;
  std::string scheme, authority, path;  // empty: kept
  // Explicit, or the port that the request came to (derivePort); 80 with http and 443 with https
  // are left out already.
  std::optional<std::uint16_t> port;
  // Written as "%PREFIX()%path": `prefix` (what the route matched) is replaced by `path`, the rest
  // of the path kept.
  bool replaces_prefix = false;
  std::string prefix;
};

struct DirectAnswer {
  int status = 200;
  std::string body;
};

// Where a route was written: shown by explain and the access log's route name.
struct RouteOrigin {
  std::string kind = "VirtualService";
  std::string namespace_;
  std::string resource;
  int index = 0;  // spec.http[index]
  int match_index = -1;
  std::string file;
  int line = 0;
};

struct Route {
  std::string name;  // http.name, http.name.match.name, "default", "allow_any", "block_all"
  RouteOrigin origin;
  RequestMatcher match;
  std::vector<WeightedCluster> destinations;  // empty for redirect and direct
  std::uint64_t total_weight = 0;
  std::optional<Redirect> redirect;
  std::optional<DirectAnswer> direct;
  Rewrite rewrite;
  HeaderRules request_headers;
  HeaderRules response_headers;
  std::vector<MirrorTarget> mirrors;
  std::optional<std::chrono::milliseconds> timeout;
};

struct VirtualHost {
  std::string name;  // "catalogue.sock-shop.svc.cluster.local:80", "*:80", "allow_any"
  std::vector<std::string> domains;
  std::vector<Route> routes;
};

// The virtual hosts of one port, by domain: exact, then the longest suffix wildcard, then `*`
// (1.5). Lookup cost does not depend on the number of hosts.
class RouteTable {
 public:
  // First definition of a domain wins; returns false when it was taken already. Domains are lower
  // case.
  bool add(const std::string& domain, std::shared_ptr<const VirtualHost> host);
  // `authority` as in the request, port and case included. Null when nothing matches (and there is
  // no `*`).
  const VirtualHost* find(std::string_view authority) const;
  const std::vector<std::shared_ptr<const VirtualHost>>& hosts() const { return x_hosts; }

 private:
  using Domains = std::unordered_map<std::string, const VirtualHost*, TextHash, std::equal_to<>>;
  Domains x_exact;
  Domains x_suffix;  // ".example.com"
  std::size_t x_suffix_longest = 0;
  const VirtualHost* x_any = nullptr;
  std::vector<std::shared_ptr<const VirtualHost>>
      x_hosts;                                     // owns; in order of first appearance, for dumps
  std::unordered_set<const VirtualHost*> x_known;  // what is in x_hosts
};

// `authority` without its port: "a:80" -> "a", "[::1]:80" -> "[::1]". A text after the colon that
// is no number is no port.
std::string_view host_without_port(std::string_view authority);

// The first route of `host` that matches; null: 404 route_not_found.
const Route* find_route(const VirtualHost& host, const RequestView& request);
// The path and query that a rewrite makes of `path` (with query).
std::string rewritten_path(const Rewrite& rewrite, std::string_view path);
// The destination for this request, drawn by weight. Requires: route.destinations is not empty.
const WeightedCluster& pick_destination(const Route& route, Rng& rng);

// Header operations, then host and path rewrite, in Istio's order (2.5): for one destination route
// then destination, for several destination then route. Adds x-envoy-original-path and
// x-envoy-original-host where Envoy does. Changes `head.authority`, not a Host field among the
// headers.
void apply_to_request(const Route& route, const WeightedCluster& to, http::RequestHead& head,
                      const StreamFacts& facts);
// On every response of the route, local replies included (2.5).
void apply_to_response(const Route& route, const WeightedCluster* to,
                       const http::RequestHead& request, http::ResponseHead& head,
                       const StreamFacts& facts);
// The Location of a redirect (2.4).
std::string redirect_location(const Redirect& redirect, const http::RequestHead& head);

}  // namespace sm::plan
