// SPDX-License-Identifier: Apache-2.0
#include "daemon/pod_rows.h"

#include <string_view>
#include <utility>

#include "daemon/capture_rows.h"
#include "daemon/plan_inputs.h"

namespace sm::daemon {

namespace {
Json texts(const std::vector<IpAddress>& ips) {
  Json list = Json::array();
  for (const IpAddress& ip : ips) list.push_back(ip.to_string());
  return list;
}

std::pair<std::string, std::string> parts_of(const std::string& key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string::npos) return {"", key};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

struct Source {
  const std::string& node_name;
  const SessionCounts& sessions;
};

Json row(const Source& source, const std::string& key, const std::vector<IpAddress>& ips,
         const capture::PodStatus* status) {
  const auto [namespace_name, name] = parts_of(key);
  Json json{{"namespace", namespace_name}, {"name", name}};
  json["state"] = status != nullptr ? capture::to_string(status->state)
                                    : capture::to_string(capture::PodState::kSeen);
  json["node"] = source.node_name;
  json["ips"] = texts(ips);
  json["netnsCookie"] = status != nullptr ? status->netns_cookie : 0;
  json["workers"] = status != nullptr ? Json(status->workers) : Json::array();
  json["gateway"] = status != nullptr && status->gateway;
  const auto sessions = source.sessions.find(key);
  json["sessions"] = sessions != source.sessions.end() ? Json(sessions->second) : Json();
  json["message"] = status != nullptr && status->error ? status->error->describe() : "";
  const bool meshed = status != nullptr && !status->bypass;
  json["lists"] = nullptr;
  json["selfTest"] = meshed ? self_test_json(status->self_test) : Json();
  json["oldConnections"] = meshed ? old_connections_json(status->old_connections) : Json::array();
  return json;
}
}  // namespace

Json pod_rows(const std::string& node_name, const std::vector<config::Enrolment>& rules,
              const std::vector<capture::PodStatus>& statuses, const SessionCounts& sessions) {
  std::map<std::string, const capture::PodStatus*> left;
  for (const capture::PodStatus& status : statuses) left.emplace(status.key, &status);
  const Source source{node_name, sessions};
  Json rows = Json::array();
  for (const config::Enrolment& rule : rules) {
    const std::string key = pod_key(*rule.pod);
    const auto found = left.find(key);
    const capture::PodStatus* status = found != left.end() ? found->second : nullptr;
    if (rule.gone && status == nullptr) continue;
    Json json = row(source, key, rule.pod->ips, status);
    json["gateway"] = rule.gateway;
    if (rule.enrolled) json["lists"] = lists_json(rule.lists);
    if (!rule.enrolled && !rule.gone) {
      json["state"] = "NotEnrolled";
      const std::string problem = json["message"].get<std::string>();
      json["message"] = problem.empty() ? rule.reason : rule.reason + "; " + problem;
    }
    rows.push_back(std::move(json));
    left.erase(key);
  }
  for (const auto& [key, status] : left) rows.push_back(row(source, key, status->ips, status));
  return rows;
}

}  // namespace sm::daemon
