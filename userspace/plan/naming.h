// SPDX-License-Identifier: Apache-2.0
// Names: how Istio expands, compares and exports them (istio-behaviour.md 1.3), and which of two
// objects is older (1.6). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/kube.h"

namespace sm::plan {

inline constexpr std::string_view kClusterDomain = "cluster.local";
inline constexpr std::string_view kMeshGateway = "mesh";

// "catalogue.sock-shop.svc.cluster.local"
std::string service_fqdn(std::string_view name, std::string_view home);
// A host of a resource in lower case: a name without a dot that is neither `*` nor an address
// belongs to the resource's namespace; everything else is taken as it is.
std::string resolve_host(std::string_view host, std::string_view home);
// "ns/name" of a gateway that a VirtualService names; "mesh" stays.
std::string resolve_gateway(std::string_view gateway, std::string_view home);

inline bool is_wildcard(std::string_view host) { return host.starts_with('*'); }
// Whether every name that `inner` stands for is one of `outer`'s: "a.x" and "*.a.x" of "*.x";
// everything of "*".
bool host_within(std::string_view inner, std::string_view outer);
// The hosts that both lists stand for: of each pair that overlaps the more specific one, in the
// order of `a`, each once.
std::vector<std::string> intersect_hosts(const std::vector<std::string>& a,
                                         const std::vector<std::string>& b);

// exportTo: empty and `*` are everybody, `.` the own namespace, `~` nobody, else a namespace's
// name.
bool exported_to(const std::vector<std::string>& export_to, std::string_view owner,
                 std::string_view client);
// Nobody but the own namespace sees it.
bool exported_privately(const std::vector<std::string>& export_to, std::string_view owner);

// "outbound|80|v1|catalogue.sock-shop.svc.cluster.local"
std::string outbound_cluster_name(std::uint16_t port, std::string_view subset,
                                  std::string_view fqdn);
std::string inbound_cluster_name(std::uint16_t port);
// Domain of an address in a Host header: brackets around IPv6.
std::string address_domain(const IpAddress& ip);

// Strict order by age: creationTimestamp, then name, then namespace; objects without a timestamp
// come first, by namespace, then name (interfaces.md section 3).
bool is_older(const config::Metadata& a, const config::Metadata& b);

// Whether `labels` has all of `selector`.
bool has_labels(const config::Labels& labels, const config::Labels& selector);

}  // namespace sm::plan
