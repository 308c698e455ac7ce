// SPDX-License-Identifier: Apache-2.0
// What load balancing of a DestinationRule has to keep to: consistent hashing, localities, warm-up.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "config/judge.h"
#include "config/scalars.h"
#include "config/validate.h"

namespace sm::config {
namespace {

constexpr std::int64_t kMaglevSizeMax = 5000011;
constexpr std::string_view kTopology[] = {
    "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"};

bool is_prime(std::int64_t number) {
  if (number < 4) return number > 0;  // as Envoy has it
  if (number % 2 == 0) return false;
  for (std::int64_t factor = 3; factor * factor <= number; factor += 2) {
    if (number % factor == 0) return false;
  }
  return true;
}

void validate_cookie(const View& cookie, Reporter& report) {
  if (cookie.text("name").empty() && cookie.has("name")) {
    Judge(cookie, report).refuse("name", "a cookie needs a name", "name the cookie");
  }
  std::set<std::string> names;
  for (const View& attribute : cookie.list("attributes")) {
    const Judge judge(attribute, report);
    const std::string name = attribute.text("name");
    if (name.empty()) {
      judge.refuse("name", "an attribute needs a name", "name the attribute");
    } else if (!names.insert(name).second) {
      judge.refuse("name", fmt::format("the attribute {} appears twice", name),
                   "remove one of them");
    }
  }
}

void validate_hash(const View& hash, Reporter& report) {
  const Judge judge(hash, report);
  if (const auto cookie = hash.child("httpCookie")) validate_cookie(*cookie, report);
  const bool old_size = hash.integer("minimumRingSize").value_or(0) != 0;
  if (old_size) {
    judge.warn("minimumRingSize", "minimumRingSize is deprecated here",
               "write ringHash: {minimumRingSize: ...}");
  }
  if (old_size && (hash.has("ringHash") || hash.has("maglev"))) {
    judge.refuse("minimumRingSize", "minimumRingSize excludes ringHash and maglev",
                 "keep one of them");
  }
  const auto maglev = hash.child("maglev");
  if (!maglev) return;
  const std::int64_t size = maglev->integer("tableSize").value_or(0);
  if (!is_prime(size) || size >= kMaglevSizeMax) {
    Judge(*maglev, report)
        .refuse("tableSize", fmt::format("{} is no size of a Maglev table", size),
                "write a prime number below 5000011, as 65537");
  }
}

// A locality: region, zone, subzone; "*" for what is left open.
using Place = std::array<std::string, 3>;

// Whether an earlier locality takes a later one of `parts` parts. As with Istio the order counts: a
// "*" after the places that it stands for is fine.
bool takes(const Place& earlier, const Place& later, std::size_t parts) {
  if (earlier[0] == "*") return true;
  for (std::size_t i = 0; i < parts; ++i) {
    if (i > 0 && earlier[i] == "*") return true;
    if (earlier[i] != later[i]) return false;
  }
  return true;
}

// "region/zone/subzone", parts from the right may be missing. "" when it is well-formed.
std::string place_problem(std::string_view text, Place& out, std::size_t& parts) {
  const auto stars = std::count(text.begin(), text.end(), '*');
  if (stars > 1 || (stars == 1 && text.back() != '*')) return "\"*\" has to stand at the end";
  out = {"*", "*", "*"};
  parts = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t slash = i + 1 < out.size() ? text.find('/') : std::string_view::npos;
    out[i] = std::string(text.substr(0, slash));
    if (out[i].empty()) return "region, zone and subzone cannot be empty";
    ++parts;
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
  return {};
}

void validate_places(const Judge& judge, std::string_view field,
                     const std::vector<std::string>& places) {
  std::vector<Place> seen;
  for (const std::string& text : places) {
    Place place;
    std::size_t parts = 0;
    std::string problem = place_problem(text, place, parts);
    const bool taken = std::any_of(seen.begin(), seen.end(), [&](const Place& earlier) {
      return takes(earlier, place, parts);
    });
    if (problem.empty() && taken) problem = "an earlier entry covers it";
    if (!problem.empty()) {
      judge.refuse(field, fmt::format("locality \"{}\": {}", text, problem),
                   "write region, region/zone or region/zone/subzone, each place once");
    }
    seen.push_back(place);
  }
}

void validate_failover(const View& locality, bool outlier, Reporter& report) {
  for (const View& failover : locality.list("failover")) {
    const Judge judge(failover, report);
    const std::string from = failover.text("from");
    const std::string to = failover.text("to");
    if (from == to)
      judge.refuse("to", "a region cannot fail over to itself", "name another region");
    if ((from + to).find_first_of("/*") != std::string::npos) {
      judge.refuse("to", "failover is from region to region", "leave zones and \"*\" out");
    }
  }
  if (locality.size("failover") + locality.size("failoverPriority") > 0 && !outlier) {
    Judge(locality, report)
        .warn("failover", "failover needs outlierDetection", "write outlierDetection");
  }
}

bool has_topology(const View& locality, std::string& found) {
  for (const std::string& label : locality.texts("failoverPriority")) {
    if (std::find(std::begin(kTopology), std::end(kTopology), label) == std::end(kTopology))
      continue;
    found = label;
    return true;
  }
  return false;
}

void validate_zone_aware(const View& zones, bool outlier, Reporter& report) {
  std::string label;
  if (has_topology(zones, label)) {
    Judge(zones, report)
        .refuse("failoverPriority", fmt::format("{} is taken into account anyway", label),
                "remove it");
  }
  if (zones.has("minClusterSize") && zones.integer("minClusterSize").value_or(0) < 1) {
    Judge(zones, report).refuse("minClusterSize", "minClusterSize is below 1", "write 1 or more");
  }
  validate_failover(zones, outlier, report);
}

void validate_warmup(const View& warmup, Reporter& report) {
  const Judge judge(warmup, report);
  const double least = warmup.number("minimumPercent").value_or(0.0);
  if (least < 0.0 || least > 100.0) {
    judge.refuse("minimumPercent", fmt::format("{} is no percentage", least),
                 "write a number from 0 to 100");
  }
  if (warmup.has("aggression") && warmup.number("aggression").value_or(0.0) <= 0.0) {
    judge.refuse("aggression", "aggression has to be above 0", "write 1.0 for an even rise");
  }
}

}  // namespace

void validate_locality(const View& locality, bool outlier, Reporter& report) {
  const Judge judge(locality, report);
  if (locality.size("distribute") > 0 && locality.size("failover") > 0) {
    judge.refuse("failover", "distribute and failover exclude each other", "keep one of them");
    return;
  }
  std::string label;
  if (locality.size("failover") > 0 && has_topology(locality, label)) {
    judge.refuse("failoverPriority", fmt::format("failover excludes {} here", label),
                 "keep one of them");
    return;
  }
  std::vector<std::string> sources;
  for (const View& entry : locality.list("distribute")) {
    const Judge one(entry, report);
    sources.push_back(entry.text("from"));
    std::vector<std::string> targets;
    std::int64_t total = 0;
    const Node* to = entry.raw("to");
    for (const Member& member : to == nullptr ? std::vector<Member>() : to->members) {
      targets.push_back(member.key);
      const std::int64_t weight = integer_of(member.value).value_or(0);
      if (weight < 1 || weight > 100) {
        one.refuse("to", member.mark, fmt::format("{} is no weight of a locality", weight),
                   "write weights from 1 to 100");
      }
      total += weight;
    }
    if (total != 100) {
      one.refuse("to", fmt::format("the weights add up to {}", total), "let them add up to 100");
    }
    // Istio meets the targets in no order; here the wide come first, so that the verdict is one.
    std::sort(targets.begin(), targets.end());
    validate_places(one, "to", targets);
  }
  validate_places(judge, "distribute", sources);
  validate_failover(locality, outlier, report);
}

void validate_load_balancer(const View& balancer, bool outlier, Reporter& report) {
  if (const auto hash = balancer.child("consistentHash")) validate_hash(*hash, report);
  if (balancer.has("localityLbSetting") && balancer.has("zoneAwareLbSetting")) {
    Judge(balancer, report)
        .refuse("zoneAwareLbSetting", "localityLbSetting and zoneAwareLbSetting exclude each other",
                "keep one of them");
  }
  if (const auto locality = balancer.child("localityLbSetting")) {
    validate_locality(*locality, outlier, report);
  }
  if (const auto zones = balancer.child("zoneAwareLbSetting")) {
    validate_zone_aware(*zones, outlier, report);
  }
  if (const auto warmup = balancer.child("warmup")) validate_warmup(*warmup, report);
}

}  // namespace sm::config
