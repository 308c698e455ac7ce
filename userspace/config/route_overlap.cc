// SPDX-License-Identifier: Apache-2.0
#include "config/route_overlap.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace sm::config {
namespace {

// The same text for the same tree, whatever the order of its keys and their spelling.
std::string fingerprint(const Node& node, std::string_view leave_out) {
  if (node.is_scalar()) return fmt::format("\"{}\"", node.text);
  std::vector<std::string> parts;
  for (const Node& item : node.items) parts.push_back(fingerprint(item, {}));
  for (const Member& member : node.members) {
    if (member.key == leave_out || member.value.is_null()) continue;
    std::string key = to_lower(member.key);
    key.erase(std::remove(key.begin(), key.end(), '_'), key.end());
    parts.push_back(key + ":" + fingerprint(member.value, {}));
  }
  if (node.is_map()) std::sort(parts.begin(), parts.end());
  std::string out = node.is_map() ? "{" : "[";
  for (const std::string& part : parts) out += part + ",";
  return out;
}

std::string name_of(const View& view, std::size_t number, bool named) {
  const std::string name = named ? view.text("name") : std::string();
  return name.empty() ? fmt::format("#{}", number) : fmt::format("\"{}\"", name);
}

// Of a StringMatch: "exact:x", "prefix:x" or "".
std::string condition_of(const std::optional<View>& match) {
  if (!match) return {};
  const std::string exact = match->text("exact");
  if (!exact.empty()) return "exact:" + exact;
  const std::string prefix = match->text("prefix");
  return prefix.empty() ? std::string() : "prefix:" + prefix;
}

using Conditions = std::map<std::string, std::string>;

Conditions conditions_of(const View& match, std::string_view field) {
  Conditions out;
  for (const auto& [name, view] : match.map(field)) out[name] = condition_of(view);
  return out;
}

// One match by a prefix of the path, with what else it asks.
struct PrefixMatch {
  std::string route;
  std::string match;
  Mark mark;
  std::string path;
  std::string prefix;
  std::int64_t port = 0;
  std::string method;
  std::string authority;
  Conditions headers, query, without;
};

bool covers(const std::string& wide, const std::string& narrow) {
  // Istio compares the texts of the conditions: the earlier one may say more of the same.
  return wide.starts_with(narrow);
}

bool all_covered(const Conditions& wide, const Conditions& narrow) {
  if (wide.size() != narrow.size()) return false;
  return std::all_of(wide.begin(), wide.end(), [&narrow](const auto& entry) {
    const auto found = narrow.find(entry.first);
    return found != narrow.end() && covers(entry.second, found->second);
  });
}

bool takes_all_of(const PrefixMatch& earlier, const PrefixMatch& later) {
  return later.prefix.starts_with(earlier.prefix) && earlier.port == later.port &&
         covers(earlier.method, later.method) && covers(earlier.authority, later.authority) &&
         all_covered(earlier.headers, later.headers) && all_covered(earlier.query, later.query) &&
         all_covered(earlier.without, later.without);
}

class Overlaps {
 public:
  Overlaps(Reporter& report, bool http) : x_report(report), x_http(http) {}

  void routes(const std::vector<View>& routes) {
    for (std::size_t i = 0; i < routes.size(); ++i) route(routes, i);
    prefixes();
  }

 private:
  void route(const std::vector<View>& routes, std::size_t i) {
    const View& route = routes[i];
    const std::string name = name_of(route, i, x_http);
    const std::vector<View> matches = route.list("match");
    if (matches.empty()) {
      if (x_catch_all) unreachable(route, name, "only the last route can have no match");
      x_catch_all = true;
      return;
    }
    std::size_t repeated = 0;
    for (std::size_t m = 0; m < matches.size(); ++m) {
      if (x_catch_all) {
        unreachable(route, name, "a route without a match stands before it");
        continue;
      }
      const auto [earlier, fresh] =
          x_seen.emplace(fingerprint(matches[m].node(), x_http ? "name" : ""), i);
      if (!fresh) {
        ineffective(matches[m].path(), matches[m].mark(), name, name_of(matches[m], m, x_http),
                    name_of(routes[earlier->second], earlier->second, x_http));
        ++repeated;
      } else if (x_http) {
        note_prefix(matches[m], name, m);
      }
    }
    if (repeated == matches.size()) unreachable(route, name, "earlier routes have all its matches");
  }

  void note_prefix(const View& match, const std::string& route, std::size_t number) {
    const auto uri = match.child("uri");
    if (!uri || uri->text("prefix").empty()) return;
    PrefixMatch out;
    out.route = route;
    out.match = name_of(match, number, true);
    out.mark = match.mark();
    out.path = match.path();
    out.prefix = uri->text("prefix");
    out.port = match.integer("port").value_or(0);
    out.method = condition_of(match.child("method"));
    if (out.method.empty()) out.method = "exact:GET";
    out.authority = condition_of(match.child("authority"));
    out.headers = conditions_of(match, "headers");
    out.query = conditions_of(match, "queryParams");
    out.without = conditions_of(match, "withoutHeaders");
    x_prefixes.push_back(std::move(out));
  }

  void prefixes() {
    for (std::size_t i = 0; i < x_prefixes.size(); ++i) {
      for (std::size_t j = i + 1; j < x_prefixes.size(); ++j) {
        const PrefixMatch& earlier = x_prefixes[i];
        const PrefixMatch& later = x_prefixes[j];
        if (earlier.prefix == later.prefix || !takes_all_of(earlier, later)) continue;
        ineffective(later.path, later.mark, later.route, later.match, earlier.route);
      }
    }
  }

  void unreachable(const View& route, const std::string& name, std::string_view why) {
    x_report.add(code::kUnreachableRule, Severity::kWarning, route.path(), route.mark(),
                 fmt::format("route {} is never used: {}", name, why),
                 "move the more special route up, or remove this one");
  }

  void ineffective(const std::string& path, Mark mark, const std::string& route,
                   const std::string& match, const std::string& earlier) {
    x_report.add(code::kIneffectiveMatch, Severity::kInfo, path, mark,
                 fmt::format("match {} of route {} is never used: route {} takes it before", match,
                             route, earlier),
                 "move the more special match up, or remove this one");
  }

  Reporter& x_report;
  bool x_http;
  bool x_catch_all = false;
  std::map<std::string, std::size_t> x_seen;
  std::vector<PrefixMatch> x_prefixes;
};

}  // namespace

void warn_of_overlaps(const View& spec, Reporter& report) {
  Overlaps(report, true).routes(spec.list("http"));
  Overlaps(report, false).routes(spec.list("tcp"));
  Overlaps(report, false).routes(spec.list("tls"));
}

}  // namespace sm::config
