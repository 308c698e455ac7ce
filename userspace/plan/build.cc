// SPDX-License-Identifier: Apache-2.0
#include "plan/build.h"

#include <map>

#include "plan/gateways.h"
#include "plan/local_pods.h"
#include "plan/security_gate.h"
#include "plan/virtual_hosts.h"

namespace sm::plan {

namespace {

http::PathNormalization normalization_of(std::string_view text) {
  if (text == "NONE") return http::PathNormalization::kNone;
  if (text == "MERGE_SLASHES") return http::PathNormalization::kMergeSlashes;
  if (text == "DECODE_AND_MERGE_SLASHES") return http::PathNormalization::kDecodeAndMergeSlashes;
  return http::PathNormalization::kBase;
}

unsigned workers_of(const KnownPod& pod) {
  const unsigned otherwise = pod.workload->gateway ? 0 : 1;
  const auto annotation = pod.pod->meta.annotations.find("proxy.istio.io/config");
  if (annotation == pod.pod->meta.annotations.end()) return otherwise;
  return wanted_concurrency(annotation->second, otherwise);
}

// One build: the indexes that it needs, and the plan that comes of them.
class Build {
 public:
  explicit Build(const BuildInput& input)
      : x_input(input),
        x_workloads(input.snapshot, input.node_name.empty() ? nullptr : &input.enrolled),
        x_services(input.snapshot, x_workloads),
        x_rules(input.snapshot),
        x_clusters(x_services, x_rules),
        x_routes(x_services, x_clusters, x_findings),
        x_views(input.snapshot, x_services, x_clusters, x_routes, x_findings),
        x_gateways(input.snapshot, x_services, x_routes),
        x_gate(input.snapshot) {}

  Built run() {
    auto plan = std::make_shared<RunPlan>();
    plan->generation = x_input.generation;
    plan->node_name = x_input.node_name;
    const config::MeshConfig& mesh = x_input.snapshot.mesh;
    plan->access_log_path = mesh.access_log_file;
    plan->access_log_format = mesh.access_log_format;
    plan->path_normalization = normalization_of(mesh.path_normalization);
    plan->registry_only = mesh.registry_only;
    plan->passthrough = x_clusters.passthrough();
    plan->black_hole = x_clusters.black_hole();
    for (const KnownPod& pod : x_workloads.pods()) {
      if (pod.workload->enrolled_here) add_pod(pod, *plan);
      for (const IpAddress& ip : pod.pod->ips) {
        const KnownPod* owner = x_workloads.at(ip);
        if (owner != nullptr) plan->by_ip.emplace(ip, owner->workload);
      }
    }
    x_gate.tell(x_findings);
    plan->workloads = x_workloads.take_workloads();
    plan->clusters = x_clusters.take();
    return {std::move(plan), x_findings.take()};
  }

 private:
  void add_pod(const KnownPod& pod, RunPlan& plan) {
    LocalPod& local = plan.pods[pod.workload->key];
    local.workload = pod.workload;
    local.wanted_workers = workers_of(pod);
    local.denied_because = x_gate.judge(*pod.workload);
    local.strict = !local.denied_because.empty() || x_gate.is_strict(*pod.workload);
    if (pod.workload->gateway) {
      local.gateway_ports = x_gateways.build(pod);
    } else {
      local.inbound = inbound_ports(x_services.served_by(pod.workload));
      local.outbound = view_of(pod.workload->namespace_, plan);
      local.lists = pod.pod->lists;
    }
  }

  const OutboundView* view_of(const std::string& client_namespace, RunPlan& plan) {
    const OutboundView*& place = x_known_views[client_namespace];
    if (place == nullptr) {
      plan.views.push_back(x_views.build(client_namespace));
      place = plan.views.back().get();
    }
    return place;
  }

  const BuildInput& x_input;
  FindingSet x_findings;
  WorkloadIndex x_workloads;
  ServiceIndex x_services;
  RuleIndex x_rules;
  ClusterStore x_clusters;
  RouteBuilder x_routes;
  ViewBuilder x_views;
  GatewayBuilder x_gateways;
  SecurityGate x_gate;
  std::map<std::string, const OutboundView*> x_known_views;
};

}  // namespace

Built build(const BuildInput& input) { return Build(input).run(); }

}  // namespace sm::plan
