// SPDX-License-Identifier: Apache-2.0
// Which virtual host, route and destination a request takes. Nothing here allocates.
#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/limits.h"
#include "plan/route.h"

namespace sm::plan {

namespace {
bool has_upper_case(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}
}  // namespace

std::string_view host_without_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == authority.size()) return authority;
  const std::string_view port = authority.substr(colon + 1);
  const bool number =
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? authority.substr(0, colon) : authority;
}

bool RouteTable::add(const std::string& domain, std::shared_ptr<const VirtualHost> host) {
  const VirtualHost* target = host.get();
  bool taken = false;
  if (domain == "*") {
    taken = x_any != nullptr;
    if (!taken) x_any = target;
  } else if (domain.starts_with('*')) {
    taken = !x_suffix.try_emplace(domain.substr(1), target).second;
    x_suffix_longest = std::max(x_suffix_longest, domain.size() - 1);
  } else {
    taken = !x_exact.try_emplace(domain, target).second;
  }
  if (taken) return false;
  if (x_known.insert(target).second) x_hosts.push_back(std::move(host));
  return true;
}

const VirtualHost* RouteTable::find(std::string_view authority) const {
  std::string_view host = host_without_port(authority);
  std::array<char, kHostBytesMax> lowered;
  if (has_upper_case(host)) {
    // No domain name is that long, so only `*` can be meant.
    if (host.size() > lowered.size()) return x_any;
    std::transform(host.begin(), host.end(), lowered.begin(), lower);
    host = std::string_view(lowered.data(), host.size());
  }
  if (const auto exact = x_exact.find(host); exact != x_exact.end()) return exact->second;
  // The longest suffix first; suffixes longer than any that is known are not even looked at,
  // whatever a client sends.
  std::size_t from = host.size() > x_suffix_longest ? host.size() - x_suffix_longest : 0;
  if (from == 0) from = 1;  // `*` stands for at least one character
  if (!x_suffix.empty()) {
    for (std::size_t dot = host.find('.', from); dot != std::string_view::npos;
         dot = host.find('.', dot + 1)) {
      if (const auto suffix = x_suffix.find(host.substr(dot)); suffix != x_suffix.end())
        return suffix->second;
    }
  }
  return x_any;
}

const Route* find_route(const VirtualHost& host, const RequestView& request) {
  for (const Route& route : host.routes) {
    if (route.match.matches(request)) return &route;
  }
  return nullptr;
}

const WeightedCluster& pick_destination(const Route& route, Rng& rng) {
  SM_ASSERT(!route.destinations.empty());
  // A single destination gets everything, whatever its weight (istio-behaviour.md 2.3).
  if (route.destinations.size() == 1 || route.total_weight == 0) return route.destinations.front();
  std::uint64_t drawn = rng.below(route.total_weight);
  for (const WeightedCluster& to : route.destinations) {
    if (drawn < to.weight) return to;
    drawn -= to.weight;
  }
  return route.destinations.back();
}

}  // namespace sm::plan
