// SPDX-License-Identifier: Apache-2.0
#include "config/kinds.h"

#include <algorithm>

namespace sm::config {
namespace {

constexpr std::string_view kNetworking = "networking.istio.io";
constexpr std::string_view kSecurity = "security.istio.io";
constexpr std::string_view kNetworkingVersions = "v1 v1beta1 v1alpha3";

constexpr Kind kKinds[] = {
    {"", "Namespace", "v1", Fate::kRead, false, false, read_namespace},
    {"", "Service", "v1", Fate::kRead, true, false, read_service},
    {"", "Pod", "v1", Fate::kRead, true, false, read_pod},
    {"", "Endpoints", "v1", Fate::kRead, true, false, read_endpoints},
    {"", "ConfigMap", "v1", Fate::kRead, true, false, read_config_map},
    {"discovery.k8s.io", "EndpointSlice", "v1 v1beta1", Fate::kRead, true, false,
     read_endpoint_slice},
    {kNetworking, "VirtualService", kNetworkingVersions, Fate::kRead, true, false,
     read_virtual_service},
    {kNetworking, "DestinationRule", kNetworkingVersions, Fate::kRead, true, false,
     read_destination_rule},
    {kNetworking, "Gateway", kNetworkingVersions, Fate::kRead, true, false, read_gateway},
    {kSecurity, "AuthorizationPolicy", "v1 v1beta1", Fate::kRead, true, true,
     read_authorization_policy},
    {kSecurity, "PeerAuthentication", "v1 v1beta1", Fate::kRead, true, true,
     read_peer_authentication},
    {kSecurity, "RequestAuthentication", "v1 v1beta1", Fate::kRead, true, true,
     read_request_authentication},
    {kNetworking, "ServiceEntry", kNetworkingVersions, Fate::kRead, true, false,
     read_service_entry},
    {kNetworking, "WorkloadEntry", kNetworkingVersions, Fate::kRead, true, false,
     read_workload_entry},
    {kNetworking, "Sidecar", kNetworkingVersions, Fate::kRead, true, false, read_sidecar},
    {kNetworking, "EnvoyFilter", "v1alpha3", Fate::kRead, true, false, read_envoy_filter},
    {"telemetry.istio.io", "Telemetry", "v1 v1alpha1", Fate::kRead, true, false, read_telemetry},
    {kNetworking, "*", "", Fate::kLater, true, false, nullptr},
    {kSecurity, "*", "", Fate::kLater, true, false, nullptr},
    {"telemetry.istio.io", "*", "", Fate::kLater, true, false, nullptr},
    {"extensions.istio.io", "*", "", Fate::kLater, true, false, nullptr},
    {"gateway.networking.k8s.io", "GatewayClass", "", Fate::kLater, false, false, nullptr},
    {"gateway.networking.k8s.io", "Gateway", "v1 v1beta1 v1alpha2", Fate::kRead, true, false,
     read_kube_gateway},
    {"gateway.networking.k8s.io", "*", "", Fate::kLater, true, false, nullptr},
    // Workloads speak through their pods; accounts, secrets and nodes carry nothing that is read
    // yet.
    {"", "Node", "v1", Fate::kUseless, false, false, read_node},
    {"", "Secret", "v1", Fate::kUseless, true, false, read_secret},
    {"", "PersistentVolume", "v1", Fate::kUseless, false, false, nullptr},
    {"", "*", "", Fate::kUseless, true, false, nullptr},
    {"apps", "*", "", Fate::kUseless, true, false, nullptr},
    {"extensions", "*", "", Fate::kUseless, true, false, nullptr},
    {"batch", "*", "", Fate::kUseless, true, false, nullptr},
    {"autoscaling", "*", "", Fate::kUseless, true, false, nullptr},
    {"policy", "*", "", Fate::kUseless, true, false, nullptr},
    {"events.k8s.io", "*", "", Fate::kUseless, true, false, nullptr},
    {"coordination.k8s.io", "*", "", Fate::kUseless, true, false, nullptr},
    {"networking.k8s.io", "IngressClass", "", Fate::kUseless, false, false, nullptr},
    {"networking.k8s.io", "*", "", Fate::kUseless, true, false, nullptr},
    {"rbac.authorization.k8s.io", "ClusterRole", "", Fate::kUseless, false, false, nullptr},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", "", Fate::kUseless, false, false, nullptr},
    {"rbac.authorization.k8s.io", "*", "", Fate::kUseless, true, false, nullptr},
    {"storage.k8s.io", "*", "", Fate::kUseless, false, false, nullptr},
    {"scheduling.k8s.io", "*", "", Fate::kUseless, false, false, nullptr},
    {"node.k8s.io", "*", "", Fate::kUseless, false, false, nullptr},
    {"apiextensions.k8s.io", "*", "", Fate::kUseless, false, false, nullptr},
    {"apiregistration.k8s.io", "*", "", Fate::kUseless, false, false, nullptr},
    {"admissionregistration.k8s.io", "*", "", Fate::kUseless, false, false, nullptr},
    {"*", "*", "", Fate::kUnknown, true, false, nullptr},
};

}  // namespace

const Kind& find_kind(std::string_view group, std::string_view name) {
  const auto found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) {
    return (kind.group == group || kind.group == "*") && (kind.name == name || kind.name == "*");
  });
  return *found;  // the last entry takes everything
}

std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {{}, api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

bool is_istio(std::string_view group) {
  return group == "istio.io" || group.ends_with(".istio.io");
}

}  // namespace sm::config
