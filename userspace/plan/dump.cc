// SPDX-License-Identifier: Apache-2.0
#include "plan/dump.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/protocol.h"

namespace sm::plan {

namespace {

// The pods asked for, in the order of their keys.
std::vector<const LocalPod*> chosen_pods(const RunPlan& plan, std::string_view pod) {
  std::map<std::string_view, const LocalPod*> ordered;
  for (const auto& [key, local] : plan.pods) {
    if (pod.empty() || pod == key) ordered.emplace(key, &local);
  }
  std::vector<const LocalPod*> out;
  out.reserve(ordered.size());
  for (const auto& [key, local] : ordered) out.push_back(local);
  return out;
}

// Port -> table; tables of one view are shown once, however many pods share it.
std::vector<std::pair<std::string, const RouteTable*>> tables_of(const RunPlan& plan,
                                                                 std::string_view pod) {
  std::vector<std::pair<std::string, const RouteTable*>> out;
  std::set<const OutboundView*> seen;
  for (const LocalPod* local : chosen_pods(plan, pod)) {
    if (local->outbound != nullptr && seen.insert(local->outbound).second) {
      std::map<std::uint16_t, const RouteTable*> ordered;
      for (const auto& [number, port] : local->outbound->ports)
        ordered.emplace(number, &port.routes);
      for (const auto& [number, table] : ordered) out.emplace_back(std::to_string(number), table);
    }
    std::map<std::uint16_t, const RouteTable*> ordered;
    for (const auto& [number, table] : local->gateway_ports) ordered.emplace(number, &table);
    for (const auto& [number, table] : ordered)
      out.emplace_back("http." + std::to_string(number), table);
  }
  return out;
}

std::string virtual_service_of(const Route& route) {
  return route.origin.kind == "VirtualService"
             ? route.origin.resource + "." + route.origin.namespace_
             : std::string();
}

std::string action_of(const Route& route) {
  if (route.redirect) return "redirect " + std::to_string(route.redirect->code);
  if (route.direct) return "direct " + std::to_string(route.direct->status);
  return "route";
}

Json row_of(const std::string& table, const VirtualHost& host, const Route* route) {
  Json row = Json::object();
  row["name"] = table;
  row["virtualHost"] = host.name;
  row["domains"] = host.domains;
  row["match"] = route == nullptr ? "" : route->match.describe();
  row["virtualService"] = route == nullptr ? "404" : virtual_service_of(*route);
  row["route"] = route == nullptr ? "" : route->name;
  row["action"] = route == nullptr ? "none" : action_of(*route);
  row["clusters"] = Json::array();
  row["mirrors"] = Json::array();
  if (route == nullptr) return row;
  for (const WeightedCluster& to : route->destinations) {
    row["clusters"].push_back(Json{
        {"cluster", to.cluster_name}, {"weight", to.weight}, {"exists", to.cluster != nullptr}});
  }
  for (const MirrorTarget& to : route->mirrors) {
    row["mirrors"].push_back(
        Json{{"cluster", to.cluster_name}, {"percent", to.per_million / 10000.0}});
  }
  return row;
}

void collect(const RouteTable& table, std::set<const Cluster*>& out) {
  for (const auto& host : table.hosts()) {
    for (const Route& route : host->routes) {
      for (const WeightedCluster& to : route.destinations) out.insert(to.cluster);
      for (const MirrorTarget& to : route.mirrors) out.insert(to.cluster);
    }
  }
}

// All clusters of the plan, or those that the pod can reach, in the order of their names.
std::vector<const Cluster*> clusters_of(const RunPlan& plan, std::string_view pod) {
  std::set<const Cluster*> used;
  if (pod.empty()) {
    for (const auto& cluster : plan.clusters) used.insert(cluster.get());
  } else {
    for (const auto& [name, table] : tables_of(plan, pod)) collect(*table, used);
    const LocalPod* local = plan.pod(pod);
    if (local != nullptr && local->outbound != nullptr) {
      used.insert({plan.passthrough, plan.black_hole});
      for (const auto& [number, port] : local->outbound->ports) {
        for (const auto& [ip, target] : port.by_address) used.insert(target.cluster);
      }
    }
    used.erase(nullptr);
  }
  std::vector<const Cluster*> out(used.begin(), used.end());
  std::sort(out.begin(), out.end(), [](const Cluster* a, const Cluster* b) {
    return a->name != b->name ? a->name < b->name : a->id < b->id;
  });
  return out;
}

std::string_view type_of(const Cluster& cluster) {
  switch (cluster.kind) {
    case Cluster::Kind::kEndpoints:
      return "EDS";
    case Cluster::Kind::kOriginalDestination:
      return "ORIGINAL_DST";
    case Cluster::Kind::kBlackHole:
      return "STATIC";
  }
  return "EDS";
}

std::string_view path_to(const RunPlan& plan, const Endpoint& endpoint) {
  const Workload* workload = endpoint.workload;
  if (workload == nullptr) return "outside";
  const LocalPod* local = workload->enrolled_here ? plan.pod(workload->key) : nullptr;
  // A port that the pod's annotations leave out is reached as if the pod were not in the mesh.
  if (local != nullptr && !local->lists.takes_inbound(endpoint.address.port)) return "outside";
  if (workload->enrolled_here) return "same node";
  return workload->node == plan.node_name ? "outside" : "other node";
}

}  // namespace

Json dump_routes(const RunPlan& plan, std::string_view pod) {
  Json out = Json::array();
  for (const auto& [name, table] : tables_of(plan, pod)) {
    for (const auto& host : table->hosts()) {
      if (host->routes.empty()) out.push_back(row_of(name, *host, nullptr));
      for (const Route& route : host->routes) out.push_back(row_of(name, *host, &route));
    }
  }
  return out;
}

Json dump_clusters(const RunPlan& plan, std::string_view pod) {
  Json out = Json::array();
  for (const Cluster* cluster : clusters_of(plan, pod)) {
    Json row = Json::object();
    row["serviceFqdn"] = cluster->service.empty() ? cluster->name : cluster->service;
    row["port"] = cluster->service.empty() ? Json() : Json(cluster->port);
    row["subset"] = cluster->subset;
    row["direction"] = cluster->service.empty() ? "" : "outbound";
    row["type"] = type_of(*cluster);
    row["destinationRule"] = cluster->destination_rule;
    row["name"] = cluster->name;
    row["protocol"] = to_string(cluster->protocol);
    row["endpoints"] = cluster->endpoints.size();
    out.push_back(std::move(row));
  }
  const auto inbound = [&out](const InboundPort& port) {
    out.push_back(Json{{"serviceFqdn", port.service},
                       {"port", port.port},
                       {"subset", ""},
                       {"direction", "inbound"},
                       {"type", "ORIGINAL_DST"},
                       {"destinationRule", ""},
                       {"name", port.cluster_name},
                       {"protocol", to_string(port.protocol)},
                       {"endpoints", 1}});
  };
  if (const LocalPod* local = pod.empty() ? nullptr : plan.pod(pod)) {
    std::map<std::uint16_t, const InboundPort*> ordered;
    for (const auto& [number, port] : local->inbound) ordered.emplace(number, &port);
    for (const auto& [number, port] : ordered) inbound(*port);
  }
  return out;
}

Json dump_endpoints(const RunPlan& plan, std::string_view pod) {
  Json out = Json::array();
  for (const Cluster* cluster : clusters_of(plan, pod)) {
    for (const Endpoint& endpoint : cluster->endpoints) {
      Json row = Json::object();
      row["endpoint"] = endpoint.address.to_string();
      row["status"] = "HEALTHY";
      row["cluster"] = cluster->name;
      row["pod"] = endpoint.workload == nullptr ? "" : endpoint.workload->key;
      row["node"] = endpoint.workload == nullptr ? "" : endpoint.workload->node;
      row["path"] = path_to(plan, endpoint);
      out.push_back(std::move(row));
    }
  }
  return out;
}

}  // namespace sm::plan
