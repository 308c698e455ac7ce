// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon_views.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/log.h"
#include "base/version.h"
#include "config/documents.h"
#include "daemon/capture_rows.h"
#include "daemon/listener_rows.h"
#include "daemon/pod_rows.h"
#include "plan/dump.h"
#include "plan/explain.h"

namespace sm::daemon {

namespace {
constexpr log::Logger kLog{log::Component::kAdmin};

Error nothing_in_force() {
  return {ErrorCode::kUnavailable, "no configuration is in force yet", "try again in a moment"};
}
}  // namespace

Json DaemonViews::status() {
  const SyncFacts facts = x_reconciler.facts();
  Json json{{"node", x_node.node_name}, {"version", kVersion}, {"generation", facts.generation}};
  json["documents"] = Json::array();
  json["findings"] = Json::array();
  if (x_reconciler.snapshot()) {
    const config::Snapshot& snapshot = *x_reconciler.snapshot();
    for (const auto& document : config::documents_of(snapshot, x_reconciler.plan_findings())) {
      json["documents"].push_back(to_json(document));
    }
    for (const config::Findings* findings : {&snapshot.findings, &x_reconciler.plan_findings()}) {
      for (const config::Finding& finding : *findings)
        json["findings"].push_back(finding.to_json());
    }
  }
  json["pods"] = pods();
  json["programs"] = programs();
  json["workers"] = worker_rows();
  // No workload identity on the wire yet: said here rather than assumed by the reader.
  json["betweenNodes"] = "plaintext";
  json["watch"] = x_watchdog.report();
  json.update(capture_facts(x_node, x_kernel.counters()));
  json["counters"] = kernel_counters();
  json["metrics"] = metrics();
  return json;
}

Json DaemonViews::pods() {
  const std::vector<capture::PodStatus> statuses = x_reconciler.pod_statuses();
  std::vector<std::string> keys;
  keys.reserve(statuses.size());
  for (const capture::PodStatus& status : statuses) keys.push_back(status.key);
  SessionCounts sessions;
  const auto loads = x_workers.loads(keys);
  for (std::size_t index = 0; index < keys.size(); ++index) {
    std::size_t sum = 0;
    bool complete = true;
    for (const auto& load : loads) {
      complete = complete && load.has_value();
      if (load) sum += load->sessions_of_pod[index];
    }
    if (complete) sessions[keys[index]] = sum;
  }
  return pod_rows(x_node.node_name, x_reconciler.rules(), statuses, sessions);
}

Json DaemonViews::bpf() {
  Json maps = Json::array();
  for (const capture::MapUse& map : x_kernel.maps()) {
    maps.push_back(Json{{"name", map.name}, {"entries", map.entries}, {"capacity", map.capacity}});
  }
  return Json{{"programs", programs()}, {"maps", std::move(maps)}, {"counters", kernel_counters()}};
}

Result<Json> DaemonViews::proxy_config(const std::string& which, const std::string& pod) {
  if (!x_reconciler.plan()) return nothing_in_force();
  const plan::RunPlan& plan = *x_reconciler.plan();
  if (!pod.empty() && plan.pod(pod) == nullptr) {
    return Error{
        ErrorCode::kNotFound,
        fmt::format("pod {} is not a pod of node {} that is in the mesh", pod, x_node.node_name),
        "`sockmeshctl pods` lists those that are"};
  }
  if (which == "routes") return plan::dump_routes(plan, pod);
  if (which == "clusters") return plan::dump_clusters(plan, pod);
  if (which == "endpoints") return plan::dump_endpoints(plan, pod);
  if (which == "listeners") return listener_rows(plan, pod);
  return Error{ErrorCode::kInvalid, fmt::format("there is no table \"{}\"", which),
               "listeners, routes, clusters or endpoints"};
}

void DaemonViews::sync(std::chrono::milliseconds wait, Reply reply) {
  x_commands.sync_now(wait, std::move(reply));
}

Result<Json> DaemonViews::set_log_level(const std::string& component, const std::string& level) {
  const auto parsed = log::parse_level(level);
  if (!parsed) {
    return Error{ErrorCode::kInvalid, fmt::format("\"{}\" is no log level", level),
                 "trace, debug, info, warn or error"};
  }
  if (component.empty()) {
    log::set_all_levels(*parsed);
  } else {
    const auto one = log::parse_component(component);
    if (!one) {
      return Error{ErrorCode::kInvalid, fmt::format("\"{}\" is no component", component),
                   "`sockmeshctl log-level --help` lists them"};
    }
    log::set_level(*one, *parsed);
  }
  kLog.info("log level of {} is {} now", component.empty() ? "everything" : component, level);
  Json levels = Json::object();
  for (unsigned index = 0; index < static_cast<unsigned>(log::Component::kCount); ++index) {
    const auto each = static_cast<log::Component>(index);
    levels[std::string(log::to_string(each))] = log::to_string(log::level_of(each));
  }
  return levels;
}

Result<Json> DaemonViews::drain() {
  const bool before = x_commands.drain_now();
  return Json{{"draining", true}, {"alreadyDraining", before}};
}

Result<Json> DaemonViews::hand_over() {
  if (x_commands.hand_over_now()) return Json{{"handingOver", true}};
  return Error{ErrorCode::kUnavailable, "the daemon drains and ends", "start the next one"};
}

// One answer a question, in order; a question that has none is answered {"error": "..."} and does
// not spoil the others.
Result<Json> DaemonViews::explain(const Json& requests) {
  if (!x_reconciler.plan()) return nothing_in_force();
  Json answers = Json::array();
  for (const Json& question : requests) {
    Result<Json> answer = explain_one(question);
    answers.push_back(answer ? std::move(*answer) : Json{{"error", answer.error().describe()}});
  }
  return answers;
}

Result<Json> DaemonViews::explain_one(const Json& question) const {
  SM_TRY_ASSIGN(const plan::ExplainRequest request, plan::ExplainRequest::from_json(question));
  for (const config::Enrolment& rule : x_reconciler.rules()) {
    if (!rule.enrolled && pod_key(*rule.pod) == request.pod) {
      return Error{ErrorCode::kNotFound,
                   fmt::format("pod {} is not in the mesh: {}", request.pod, rule.reason), ""};
    }
  }
  return plan::explain(*x_reconciler.plan(), request);
}

Json DaemonViews::programs() const {
  Json rows = Json::array();
  for (const capture::Attachment& attachment : x_kernel.attachments()) {
    rows.push_back(Json{{"name", attachment.program},
                        {"hook", attachment.hook},
                        {"attached", attachment.attached},
                        {"where", attachment.place},
                        {"id", attachment.program_id},
                        {"pin", attachment.pin}});
  }
  return rows;
}

Json DaemonViews::kernel_counters() const {
  Json json = Json::object();
  for (const capture::Counter& counter : x_kernel.counters()) {
    json[std::string(counter.name)] = counter.value;
  }
  return json;
}

Json DaemonViews::worker_rows() const {
  Json rows = Json::array();
  const auto loads = x_workers.loads({});
  for (unsigned index = 0; index < x_workers.size(); ++index) {
    rows.push_back(
        Json{{"index", index},
             {"sessions", loads[index] ? Json(loads[index]->sessions) : Json()},
             {"requests", x_workers.counters(index).read(telemetry::Metric::kRequests)}});
  }
  return rows;
}

Json DaemonViews::metrics() const {
  Json json = Json::object();
  for (unsigned cell = 0; cell < static_cast<unsigned>(telemetry::Metric::kCount); ++cell) {
    const auto metric = static_cast<telemetry::Metric>(cell);
    std::uint64_t sum = 0;
    for (unsigned index = 0; index < x_workers.size(); ++index) {
      sum += x_workers.counters(index).read(metric);
    }
    json[std::string(telemetry::info(metric).name)] = sum;
  }
  return json;
}

}  // namespace sm::daemon
