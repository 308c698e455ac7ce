// SPDX-License-Identifier: Apache-2.0
#include "ctl/offline_plan.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace sm::ctl {
namespace {

constexpr const char* kGatewayAnnotation = "sockmesh.io/gateway";

bool is_gateway(const config::Pod& pod) {
  const auto found = pod.meta.annotations.find(kGatewayAnnotation);
  return found != pod.meta.annotations.end() && found->second == "true";
}

bool selects(const config::Labels& selector, const config::Labels& labels) {
  return std::all_of(selector.begin(), selector.end(), [&labels](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

// A name that no real pod has: Kubernetes allows no underscore.
std::shared_ptr<config::Pod> somebody(const std::string& namespace_name, const std::string& what) {
  auto pod = std::make_shared<config::Pod>();
  pod->meta.ref.kind = "Pod";
  pod->meta.ref.namespace_ = namespace_name;
  pod->meta.ref.name = "_" + what;
  pod->phase = "Running";
  return pod;
}

template <class Objects>
void note_namespaces(const Objects& objects, std::set<std::string>& names) {
  for (const auto& object : objects) names.insert(object->meta.ref.namespace_);
}

bool has_gateway_pod(const config::Snapshot& snapshot, const config::Gateway& gateway) {
  return std::any_of(snapshot.pods.begin(), snapshot.pods.end(), [&gateway](const auto& pod) {
    return is_gateway(*pod) && selects(gateway.selector, pod->meta.labels);
  });
}

}  // namespace

config::Snapshot with_somebody_asking(const config::Snapshot& snapshot) {
  config::Snapshot whole = snapshot;
  std::set<std::string> missing;
  for (const auto& one : snapshot.namespaces) missing.insert(one->meta.ref.name);
  note_namespaces(snapshot.services, missing);
  note_namespaces(snapshot.virtual_services, missing);
  note_namespaces(snapshot.destination_rules, missing);
  for (const auto& pod : snapshot.pods) {
    if (!is_gateway(*pod)) missing.erase(pod->meta.ref.namespace_);
  }
  for (const std::string& name : missing) whole.pods.push_back(somebody(name, "client"));
  for (const auto& gateway : snapshot.gateways) {
    if (has_gateway_pod(whole, *gateway)) continue;
    auto pod = somebody(gateway->meta.ref.namespace_, "gateway_" + gateway->meta.ref.name);
    pod->meta.labels = gateway->selector;
    pod->meta.annotations[kGatewayAnnotation] = "true";
    whole.pods.push_back(std::move(pod));
  }
  return whole;
}

}  // namespace sm::ctl
