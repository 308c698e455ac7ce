// SPDX-License-Identifier: Apache-2.0
#include "plan/naming.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace sm::plan {

std::string service_fqdn(std::string_view name, std::string_view home) {
  std::string out(name);
  out.append(".").append(home).append(".svc.").append(kClusterDomain);
  return out;
}

std::string resolve_host(std::string_view host, std::string_view home) {
  if (host.find('.') != std::string_view::npos || is_wildcard(host) || IpAddress::parse(host))
    return to_lower(host);
  return service_fqdn(to_lower(host), home);
}

std::string resolve_gateway(std::string_view gateway, std::string_view home) {
  if (gateway == kMeshGateway || gateway.find('/') != std::string_view::npos)
    return std::string(gateway);
  return std::string(home) + "/" + std::string(gateway);
}

bool host_within(std::string_view inner, std::string_view outer) {
  if (outer == "*" || inner == outer) return true;
  if (!is_wildcard(outer) || inner == "*") return false;
  const std::string_view suffix = outer.substr(1);
  const std::string_view name = is_wildcard(inner) ? inner.substr(1) : inner;
  // `*.x` covers `*.a.x` and `a.x`, but neither `x` nor `.x`.
  return name.size() > suffix.size() && name.ends_with(suffix);
}

std::vector<std::string> intersect_hosts(const std::vector<std::string>& a,
                                         const std::vector<std::string>& b) {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& host) {
    if (std::find(out.begin(), out.end(), host) == out.end()) out.push_back(host);
  };
  for (const std::string& mine : a) {
    for (const std::string& theirs : b) {
      if (host_within(mine, theirs)) {
        add(mine);
      } else if (host_within(theirs, mine)) {
        add(theirs);
      }
    }
  }
  return out;
}

bool exported_to(const std::vector<std::string>& export_to, std::string_view owner,
                 std::string_view client) {
  if (export_to.empty()) return true;
  return std::any_of(export_to.begin(), export_to.end(), [&](const std::string& to) {
    return to == "*" || (to == "." ? owner == client : std::string_view(to) == client);
  });
}

bool exported_privately(const std::vector<std::string>& export_to, std::string_view owner) {
  if (export_to.empty()) return false;
  return std::all_of(export_to.begin(), export_to.end(), [&](const std::string& to) {
    return to == "." || to == "~" || std::string_view(to) == owner;
  });
}

std::string outbound_cluster_name(std::uint16_t port, std::string_view subset,
                                  std::string_view fqdn) {
  std::string out = "outbound|" + std::to_string(port);
  out.append("|").append(subset).append("|").append(fqdn);
  return out;
}

std::string inbound_cluster_name(std::uint16_t port) {
  return "inbound|" + std::to_string(port) + "||";
}

std::string address_domain(const IpAddress& ip) {
  return ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
}

bool is_older(const config::Metadata& a, const config::Metadata& b) {
  if (a.creation_timestamp != b.creation_timestamp)
    return a.creation_timestamp < b.creation_timestamp;
  if (a.creation_timestamp.empty()) {
    return std::tie(a.ref.namespace_, a.ref.name) < std::tie(b.ref.namespace_, b.ref.name);
  }
  return std::tie(a.ref.name, a.ref.namespace_) < std::tie(b.ref.name, b.ref.namespace_);
}

bool has_labels(const config::Labels& labels, const config::Labels& selector) {
  return std::all_of(selector.begin(), selector.end(), [&labels](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

}  // namespace sm::plan
