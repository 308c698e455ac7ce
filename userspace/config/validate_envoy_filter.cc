// SPDX-License-Identifier: Apache-2.0
// What an EnvoyFilter has to keep to. What its patches put in is Envoy's configuration, and not
// judged here.
#include <fmt/format.h>

#include <algorithm>

#include "config/judge.h"
#include "config/scalars.h"
#include "config/validate.h"

namespace sm::config {
namespace {

constexpr std::size_t kVersionBytesMax = 1024;
constexpr std::string_view kManagers[] = {"envoy.filters.network.http_connection_manager",
                                          "envoy.http_connection_manager"};

bool is_manager(std::string_view name) {
  return std::find(std::begin(kManagers), std::end(kManagers), name) != std::end(kManagers);
}

// The kind of object that a patch applies to is found by a match of the same kind.
std::string_view object_of(std::string_view apply_to) {
  if (apply_to == "LISTENER" || apply_to == "FILTER_CHAIN" || apply_to == "NETWORK_FILTER" ||
      apply_to == "HTTP_FILTER") {
    return "listener";
  }
  if (apply_to == "ROUTE_CONFIGURATION" || apply_to == "VIRTUAL_HOST" || apply_to == "HTTP_ROUTE") {
    return "routeConfiguration";
  }
  return apply_to == "CLUSTER" ? "cluster" : "";
}

void validate_filter_match(const View& filter, std::string_view apply_to, Reporter& report) {
  const Judge judge(filter, report);
  if (apply_to == "LISTENER" || apply_to == "FILTER_CHAIN") {
    judge.warn("name", fmt::format("a filter does not matter to {}", apply_to), "remove filter");
  }
  if (filter.text("name").empty()) {
    judge.refuse("name", "a match of a filter needs its name", "name the filter");
    return;
  }
  const auto sub = filter.child("subFilter");
  if (!sub) return;
  if (apply_to != "HTTP_FILTER") {
    judge.refuse("subFilter", "only HTTP_FILTER has filters in filters", "remove subFilter");
  } else if (!is_manager(filter.text("name"))) {
    judge.refuse("name", "filters of HTTP are in the connection manager",
                 "write envoy.filters.network.http_connection_manager");
  } else if (sub->text("name").empty()) {
    Judge(*sub, report).refuse("name", "a match of a filter needs its name", "name the filter");
  }
}

void validate_match(const View& match, std::string_view apply_to, Reporter& report) {
  const std::string_view wanted = object_of(apply_to);
  bool any = false;
  for (const std::string_view object : {"listener", "routeConfiguration", "cluster", "waypoint"}) {
    any = any || match.has(object);
  }
  if (!wanted.empty() && any && !match.has(wanted)) {
    Judge(match, report)
        .refuse_all(fmt::format("applyTo {} is found by {}", apply_to, wanted),
                    fmt::format("match {}, or nothing", wanted));
    return;
  }
  const auto listener = match.child("listener");
  const auto chain = listener ? listener->child("filterChain") : std::nullopt;
  const auto filter = chain ? chain->child("filter") : std::nullopt;
  if (filter && wanted == "listener") validate_filter_match(*filter, apply_to, report);
}

// Whether the version that a match asks for can be one.
bool validate_version(const View& match, Reporter& report) {
  const auto proxy = match.child("proxy");
  const std::string version = proxy ? proxy->text("proxyVersion") : std::string();
  if (version.empty()) return true;
  if (version.size() > kVersionBytesMax) {
    Judge(*proxy, report)
        .warn("proxyVersion", "a pattern beyond 1024 bytes is ignored", "shorten it");
    return true;
  }
  const std::string problem = regex_problem(version);
  if (problem.empty()) return true;
  Judge(*proxy, report)
      .refuse("proxyVersion", "the regular expression is not valid: " + problem,
              "write RE2 syntax, as ^1\\.2.*");
  return false;
}

void validate_patch(const View& entry, Reporter& report) {
  const Judge judge(entry, report);
  const auto match = entry.child("match");
  const bool waypoint = match && match->text("context") == "WAYPOINT";
  if (match && waypoint != match->has("waypoint")) {
    Judge(*match, report)
        .refuse("waypoint", "context WAYPOINT and a match of waypoint go together",
                "write both or neither");
  }
  if (waypoint) return;
  const std::string apply_to = entry.text("applyTo");
  if (apply_to.empty() || apply_to == "INVALID") {
    judge.refuse("applyTo", "a patch needs applyTo", "write HTTP_FILTER, HTTP_ROUTE or the like");
    return;
  }
  const auto patch = entry.child("patch");
  if (!patch) {
    judge.refuse("patch", "a patch is missing", "write patch: {operation: ..., value: ...}");
    return;
  }
  const Judge inner(*patch, report);
  const std::string operation = patch->text("operation");
  if (operation.empty() || operation == "INVALID") {
    inner.refuse("operation", "a patch needs an operation",
                 "write MERGE, INSERT_BEFORE or the like");
    return;
  }
  if (operation != "REMOVE" && !patch->has("value")) {
    inner.refuse("value", fmt::format("{} needs a value", operation), "write value");
    return;
  }
  const Node* value = patch->raw("value");
  if (value != nullptr && !value->is_map()) {
    inner.refuse("value", "expected a map", "write a part of Envoy's configuration");
  }
  if (match && validate_version(*match, report)) validate_match(*match, apply_to, report);
}

}  // namespace

void validate_envoy_filter(const View& spec, Reporter& report) {
  if (const auto selector = spec.child("workloadSelector")) {
    validate_selector(*selector, "labels", report);
  }
  validate_target_refs(spec, report);
  for (const View& entry : spec.list("configPatches")) validate_patch(entry, report);
}

}  // namespace sm::config
