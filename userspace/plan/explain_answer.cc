// SPDX-License-Identifier: Apache-2.0
#include "plan/explain_answer.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace sm::plan {

namespace {

// The cluster of all endpoints of a service's port; the subset's own when it is not to be found.
const Cluster& whole_of(const RunPlan& plan, const Cluster& cluster) {
  if (cluster.subset.empty()) return cluster;
  for (const auto& other : plan.clusters) {
    if (other->port == cluster.port && other->subset.empty() && other->service == cluster.service)
      return *other;
  }
  return cluster;
}

std::string ready_because(const RunPlan& plan, const Endpoint& endpoint) {
  const LocalPod* pod = endpoint.workload == nullptr ? nullptr : plan.pod(endpoint.workload->key);
  if (pod == nullptr || pod->lists.takes_inbound(endpoint.address.port)) return "ready";
  return "ready; its annotations leave this port out of the mesh, so its policy is not asked";
}

Json endpoints_json(const RunPlan& plan, const Cluster& cluster) {
  Json out = Json::array();
  for (const Endpoint& endpoint : whole_of(plan, cluster).endpoints) {
    const bool used =
        std::any_of(cluster.endpoints.begin(), cluster.endpoints.end(),
                    [&endpoint](const Endpoint& own) { return own.address == endpoint.address; });
    Json row = Json::object();
    row["address"] = endpoint.address.to_string();
    row["pod"] = endpoint.workload == nullptr ? "" : endpoint.workload->key;
    row["used"] = used;
    row["because"] = used ? ready_because(plan, endpoint)
                          : "its labels are not those of subset " + cluster.subset;
    out.push_back(std::move(row));
  }
  return out;
}

// Name -> value, or all values when there are several.
void put(Json& into, const std::string& name, const std::string& value) {
  if (!into.contains(name)) {
    into[name] = value;
  } else if (into[name].is_array()) {
    into[name].push_back(value);
  } else {
    into[name] = Json::array({into[name], value});
  }
}

void add_step(const HeaderRules& rules, const http::RequestHead& request, const StreamFacts& facts,
              Json& out) {
  for (const std::string& name : rules.removals()) {
    out["set"].erase(name);
    out["add"].erase(name);
    out["remove"].push_back(name);
  }
  for (const auto& [name, value] : rules.set_values(request, facts)) {
    if (value.empty()) continue;
    out["set"][name] = value;
    out["add"].erase(name);
  }
  for (const auto& [name, value] : rules.add_values(request, facts)) {
    if (!value.empty()) put(out["add"], name, value);
  }
}

}  // namespace

Json empty_answer() {
  Json out = Json::object();
  out["verdict"] = "not_found";
  out["status"] = nullptr;
  out["flags"] = "-";
  out["details"] = "via_upstream";
  out["service"] = nullptr;
  out["port"] = nullptr;
  out["protocol"] = "http";
  out["virtualHost"] = nullptr;
  out["route"] = nullptr;
  out["rejected"] = Json::array();
  out["destinations"] = Json::array();
  out["mirrors"] = Json::array();
  out["upstream"] = nullptr;
  out["response"] = nullptr;
  out["responseHeaderOps"] =
      Json{{"set", Json::object()}, {"add", Json::object()}, {"remove", Json::array()}};
  out["timeoutMs"] = nullptr;
  out["retries"] = nullptr;
  out["faults"] = nullptr;
  out["client"] = Json{{"identity", nullptr}, {"attestation", "none"}};
  out["authn"] = nullptr;
  out["authz"] = nullptr;
  return out;
}

Json route_json(const Route& route) {
  Json out = Json::object();
  out["name"] = route.name;
  out["kind"] = route.origin.kind;
  out["namespace"] = route.origin.namespace_;
  out["resource"] = route.origin.resource;
  out["index"] = route.origin.index;
  out["match"] = route.match.describe();
  out["file"] = route.origin.file;
  out["line"] = route.origin.line;
  return out;
}

Json rejected_json(const Route& route, const std::string& because) {
  Json out = Json::object();
  out["name"] = route.name;
  out["resource"] = route.origin.resource;
  out["index"] = route.origin.index;
  out["because"] = because;
  out["file"] = route.origin.file;
  out["line"] = route.origin.line;
  return out;
}

Json destination_json(const RunPlan& plan, const Cluster& cluster) {
  Json out = Json::object();
  out["cluster"] = cluster.name;
  out["host"] = cluster.service;
  out["subset"] = cluster.subset;
  out["port"] = cluster.port;
  out["weight"] = 100;
  out["endpoints"] = endpoints_json(plan, cluster);
  return out;
}

Json destination_json(const RunPlan& plan, const WeightedCluster& to, std::uint32_t weight) {
  Json out = Json::object();
  if (to.cluster != nullptr) {
    out = destination_json(plan, *to.cluster);
  } else {
    // "outbound|80|v1|host" is all that there is of a cluster that does not exist.
    const std::vector<std::string_view> parts = split(to.cluster_name, '|');
    out["cluster"] = to.cluster_name;
    out["host"] = parts.size() == 4 ? parts[3] : std::string_view{};
    out["subset"] = parts.size() == 4 ? parts[2] : std::string_view{};
    out["port"] = parts.size() == 4 ? parse_decimal(parts[1], UINT16_MAX).value_or(0) : 0;
    out["endpoints"] = Json::array();
  }
  out["weight"] = weight;
  return out;
}

Json headers_json(const http::Headers& headers) {
  Json out = Json::object();
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const http::Headers::Field field = headers.at(i);
    out[std::string(field.name)].push_back(std::string(field.value));
  }
  return out;
}

Json response_operations(const Route& route, const WeightedCluster* to,
                         const http::RequestHead& request, const StreamFacts& facts) {
  Json out = Json{{"set", Json::object()}, {"add", Json::object()}, {"remove", Json::array()}};
  if (to != nullptr && route.destinations.size() > 1)
    add_step(to->response_headers, request, facts, out);
  add_step(route.response_headers, request, facts, out);
  if (to != nullptr && route.destinations.size() == 1)
    add_step(to->response_headers, request, facts, out);
  return out;
}

void set_local_answer(const http::ResponseHead& head, std::string_view body, std::string_view flags,
                      std::string_view details, Json& answer) {
  answer["status"] = head.status;
  answer["flags"] = flags;
  answer["details"] = details;
  answer["response"] = Json{{"status", head.status},
                            {"headers", headers_json(head.headers)},
                            {"body", std::string(body)}};
}

}  // namespace sm::plan
