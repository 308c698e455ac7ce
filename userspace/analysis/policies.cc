// SPDX-License-Identifier: Apache-2.0
// Resources that select workloads: AuthorizationPolicy, Sidecar, Telemetry; and EnvoyFilter.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/analysers.h"

namespace sm::analysis {
namespace {

using config::Severity;

// "*", "prefix*", "*suffix" or a name.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.starts_with('*')) return name.ends_with(pattern.substr(1));
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

void check_namespaces(const World& world, const config::SecurityPolicy& policy,
                      config::Findings& out) {
  const auto& known = world.snapshot().namespaces;
  for (const auto& named : policy.namespaces) {
    const bool found = std::any_of(known.begin(), known.end(), [&named](const auto& space) {
      return matches(named.name, space->meta.ref.name);
    });
    if (found) continue;
    say(out, code::kDangling, Severity::kError, {policy.meta.ref, named.path, named.mark},
        fmt::format("there is no namespace {}", named.name), "name one that exists");
  }
}

void check_workloads(const World& world, const config::SecurityPolicy& policy,
                     config::Findings& out) {
  const std::string& space = policy.meta.ref.namespace_;
  const bool mesh_wide = space == world.snapshot().mesh.root_namespace;
  if (mesh_wide && !policy.has_selector) return;
  const auto pods = world.pods_with(policy.selector);
  const bool found = std::any_of(pods.begin(), pods.end(), [&](const config::Pod* pod) {
    return (mesh_wide || pod->meta.ref.namespace_ == space) && world.is_in_mesh(*pod);
  });
  if (found) return;
  say(out, code::kNoWorkload, Severity::kWarning,
      {policy.meta.ref, policy.has_selector ? "spec.selector" : "spec", policy.selector_mark},
      policy.selector.empty()
          ? fmt::format("no pod of namespace {} is in the mesh", space)
          : fmt::format("no pod of the mesh has the labels {}", to_text(policy.selector)),
      "select workloads that exist");
}

// What a kind of resources that shape workloads is told.
struct Words {
  std::string_view of_one_pod;
  std::string_view of_one_namespace;
  std::string_view selector_path;
  // An empty selector counts as none.
  bool empty_is_none = false;
};

// Each workload has one Sidecar, or one Telemetry, at most.
template <class Objects>
void check_selectors(const World& world, const Objects& objects, const Words& words,
                     config::Findings& out) {
  std::map<const config::Pod*, std::vector<const config::ObjectRef*>> by_pod;
  std::map<std::string, std::vector<const config::ObjectRef*>> by_namespace;
  for (const auto& object : objects) {
    const config::ObjectRef& ref = object->meta.ref;
    if (object->selector.empty()) {
      if (!object->has_selector || words.empty_is_none) {
        by_namespace[ref.namespace_].push_back(&ref);
      }
      continue;
    }
    bool found = false;
    for (const config::Pod* pod : world.pods_with(object->selector)) {
      if (pod->meta.ref.namespace_ != ref.namespace_) continue;
      found = true;
      by_pod[pod].push_back(&ref);
    }
    if (found) continue;
    say(out, code::kDangling, Severity::kError,
        {ref, std::string(words.selector_path), object->selector_mark},
        fmt::format("no pod of the namespace has the labels {}", to_text(object->selector)),
        "select pods that exist");
  }
  for (const auto& [pod, all] : by_pod) {
    for (const config::ObjectRef* ref : all) {
      if (all.size() < 2) break;
      say(out, words.of_one_pod, Severity::kError, {*ref, std::string(words.selector_path)},
          fmt::format("pod {} is selected by another {} too", name_of(pod->meta.ref), ref->kind),
          "let one of them select it");
    }
  }
  for (const auto& [space, all] : by_namespace) {
    for (const config::ObjectRef* ref : all) {
      if (all.size() < 2) break;
      say(out, words.of_one_namespace, Severity::kError, {*ref, "spec"},
          fmt::format("another {} of namespace {} has no selector either", ref->kind, space),
          "keep one of them, or select workloads");
    }
  }
}

bool is_route(const std::string& apply_to) {
  return apply_to == "ROUTE_CONFIGURATION" || apply_to == "HTTP_ROUTE";
}

// Whether the patch depends on what other filters have done before.
bool is_relative(const config::EnvoyFilter::Patch& patch, const Place& place,
                 config::Findings& out) {
  const std::string& operation = patch.operation;
  if (operation == "REMOVE" && is_route(patch.apply_to)) {
    say(out, code::kRemoveHasNoEffect, Severity::kError, place,
        fmt::format("REMOVE has no effect on {}", patch.apply_to), "use MERGE");
    return false;
  }
  if (operation == "REPLACE" && patch.apply_to != "NETWORK_FILTER" &&
      patch.apply_to != "HTTP_FILTER" && patch.apply_to != "VIRTUAL_HOST") {
    say(out, code::kReplaceHasNoEffect, Severity::kError, place,
        fmt::format("REPLACE has no effect on {}", patch.apply_to), "use MERGE");
    return false;
  }
  return operation == "REMOVE" || operation == "REPLACE" || operation == "INSERT_BEFORE" ||
         operation == "INSERT_AFTER";
}

}  // namespace

void analyze_security(const World& world, config::Findings& out) {
  using Kind = config::SecurityPolicy::Kind;
  for (const auto& policy : world.written().security_policies) {
    if (policy->kind != Kind::kAuthorization) continue;
    check_workloads(world, *policy, out);
    check_namespaces(world, *policy, out);
  }
}

void analyze_sidecars(const World& world, config::Findings& out) {
  check_selectors(
      world, world.written().sidecars,
      {code::kSidecarsOfOnePod, code::kSidecarsOfOneNamespace, "spec.workloadSelector", true}, out);
}

void analyze_telemetries(const World& world, config::Findings& out) {
  const auto& all = world.written().telemetries;
  check_selectors(
      world, all,
      {code::kTelemetriesOfOnePod, code::kTelemetriesOfOneNamespace, "spec.selector", false}, out);
  if (world.snapshot().mesh.has_log_provider) return;
  for (const auto& telemetry : all) {
    if (!telemetry->has_unprovided) continue;
    say(out, code::kTelemetryWithoutProvider, Severity::kWarning,
        {telemetry->meta.ref, "spec.accessLogging"}, "access logs without a provider go nowhere",
        "name a provider, here or in MeshConfig");
  }
}

void analyze_envoy_filters(const World& world, config::Findings& out) {
  // Names of filters that an earlier patch, for some version of the proxy, has touched.
  std::set<std::string> versioned;
  for (const auto& filter : world.written().envoy_filters) {
    for (const config::EnvoyFilter::Patch& patch : filter->patches) {
      const Place place{filter->meta.ref, patch.path, patch.mark};
      if (patch.operation.empty()) break;
      if (patch.operation == "ADD" && is_route(patch.apply_to)) {
        say(out, code::kAddHasNoEffect, Severity::kError, place,
            fmt::format("ADD has no effect on {}", patch.apply_to), "use MERGE");
      }
      if (is_relative(patch, place, out) && !filter->has_priority) {
        const bool again = versioned.contains(patch.filter);
        say(out, again ? code::kRelativePatchOfVersion : code::kRelativePatch, Severity::kWarning,
            place, fmt::format("{} depends on which filter is applied first", patch.operation),
            "set priority, or use INSERT_FIRST or ADD");
      }
      if (patch.has_proxy_version) versioned.insert(patch.filter);
    }
  }
}

}  // namespace sm::analysis
