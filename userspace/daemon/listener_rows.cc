// SPDX-License-Identifier: Apache-2.0
#include "daemon/listener_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace sm::daemon {

namespace {
// A map in the order of its keys, so that two calls print the same.
template <class Map>
std::map<typename Map::key_type, const typename Map::mapped_type*> in_order(const Map& map) {
  std::map<typename Map::key_type, const typename Map::mapped_type*> sorted;
  for (const auto& [key, value] : map) sorted.emplace(key, &value);
  return sorted;
}

std::string_view name_of(plan::Protocol protocol) {
  switch (protocol) {
    case plan::Protocol::kHttp:
      return "HTTP";
    case plan::Protocol::kTcp:
      return "TCP";
    case plan::Protocol::kAuto:
      return "ALL";
  }
  return "ALL";
}

Json row(std::string_view pod, std::string address, std::uint16_t port, std::string match,
         std::string destination) {
  return Json{{"address", std::move(address)},
              {"port", port},
              {"match", std::move(match)},
              {"destination", std::move(destination)},
              {"pod", pod}};
}

void add_outbound(Json& rows, std::string_view pod, const plan::OutboundView& view,
                  const plan::RunPlan& plan) {
  for (const auto& [port, outbound] : in_order(view.ports)) {
    if (outbound->http) {
      rows.push_back(row(pod, "0.0.0.0", port, "outbound HTTP", fmt::format("Route: {}", port)));
    }
    for (const auto& [address, target] : in_order(outbound->by_address)) {
      if (target->protocol == plan::Protocol::kHttp || target->cluster == nullptr) continue;
      rows.push_back(row(pod, address.to_string(), port,
                         fmt::format("outbound {}", name_of(target->protocol)),
                         fmt::format("Cluster: {}", target->cluster->name)));
    }
  }
  const plan::Cluster* rest = plan.registry_only ? plan.black_hole : plan.passthrough;
  rows.push_back(
      row(pod, "0.0.0.0", 15001, "outbound, everything else",
          fmt::format("Cluster: {}", rest != nullptr ? rest->name : "BlackHoleCluster")));
}

constexpr std::string_view kPast = "past the mesh";
constexpr std::string_view kApplication = "the application itself";

// What the pod's annotations leave out: one row a port, one a range.
void add_left_out(Json& rows, std::string_view pod, const CaptureLists& lists) {
  const auto ports = [&](const std::vector<std::uint16_t>& listed, std::string_view match,
                         std::string_view destination) {
    for (const std::uint16_t port : listed) {
      rows.push_back(row(pod, "0.0.0.0", port, std::string(match), std::string(destination)));
    }
  };
  const auto ranges = [&](const std::vector<Cidr>& listed, std::string_view match,
                          std::string_view destination) {
    for (const Cidr& range : listed) {
      rows.push_back(row(pod, fmt::format("{}/{}", range.base.to_string(), range.prefix_length), 0,
                         std::string(match), std::string(destination)));
      rows.back()["port"] = nullptr;  // every port
    }
  };
  ports(lists.out_ports_exclude, "outbound, excluded", kPast);
  ranges(lists.out_exclude, "outbound, excluded", kPast);
  const auto rest = [&](std::string_view match, std::string_view destination) {
    rows.push_back(row(pod, "*", 0, std::string(match), std::string(destination)));
    rows.back()["port"] = nullptr;
  };
  if (!lists.all_out) {
    ports(lists.out_ports_include, "outbound, included", "captured");
    ranges(lists.out_include, "outbound, included", "captured");
    rest("outbound, not included", kPast);
  }
  ports(lists.in_ports_exclude, "inbound, excluded", kApplication);
  if (!lists.all_in) {
    ports(lists.in_ports_include, "inbound, included", "captured");
    rest("inbound, not included", kApplication);
  }
}

void add_inbound(Json& rows, std::string_view pod, const plan::LocalPod& local) {
  const std::string address = local.workload != nullptr && !local.workload->ips.empty()
                                  ? local.workload->ips.front().to_string()
                                  : "0.0.0.0";
  const auto destination = [&local](const std::string& cluster) {
    return local.denied_because.empty() ? fmt::format("Cluster: {}", cluster)
                                        : fmt::format("refused: {}", local.denied_because);
  };
  for (const auto& [port, inbound] : in_order(local.inbound)) {
    rows.push_back(row(pod, address, port, fmt::format("inbound {}", name_of(inbound->protocol)),
                       destination(inbound->cluster_name)));
  }
  rows.push_back(row(pod, address, 15006, "inbound, everything else",
                     destination("InboundPassthroughCluster")));
}
}  // namespace

Json listener_rows(const plan::RunPlan& plan, const std::string& pod) {
  Json rows = Json::array();
  for (const auto& [key, local] : in_order(plan.pods)) {
    if (!pod.empty() && key != pod) continue;
    add_left_out(rows, key, local->lists);
    if (local->outbound != nullptr) add_outbound(rows, key, *local->outbound, plan);
    if (local->workload != nullptr && local->workload->gateway) {
      for (const auto& [port, table] : in_order(local->gateway_ports)) {
        rows.push_back(row(key, "0.0.0.0", port, "gateway HTTP", fmt::format("Route: {}", port)));
      }
    } else {
      add_inbound(rows, key, *local);
    }
  }
  return rows;
}

}  // namespace sm::daemon
