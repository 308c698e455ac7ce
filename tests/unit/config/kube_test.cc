// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "judge.h"

namespace sm::config {
namespace {

TEST_CASE("config: a Service with Kubernetes' defaults") {
  const auto snapshot = judge(R"(apiVersion: v1
kind: Service
metadata: {name: a, namespace: ns, labels: {x: y}}
spec:
  clusterIP: 10.96.0.1
  clusterIPs: [10.96.0.1, "fd00::1"]
  selector: {app: a}
  ports:
  - {port: 80, name: http}
  - {port: 81, targetPort: 8081, appProtocol: http}
  - {port: 82, targetPort: web, protocol: UDP}
)");
  REQUIRE_MESSAGE(snapshot->services.size() == 1, all_findings(*snapshot));
  const Service& service = *snapshot->services[0];
  CHECK(service.type == "ClusterIP");
  REQUIRE(service.cluster_ips.size() == 2);
  CHECK(service.cluster_ips[1].to_string() == "fd00::1");
  CHECK(service.selector.at("app") == "a");
  CHECK(std::get<std::uint16_t>(service.ports.at(0).target_port) == 80);
  CHECK(service.ports[0].protocol == "TCP");
  CHECK(std::get<std::uint16_t>(service.ports.at(1).target_port) == 8081);
  CHECK(service.ports[1].app_protocol == "http");
  CHECK(std::get<std::string>(service.ports.at(2).target_port) == "web");
}

TEST_CASE("config: headless and external Services") {
  const auto snapshot = judge(
      "apiVersion: v1\nkind: Service\nmetadata: {name: h}\nspec: {clusterIP: None, ports: [{port: "
      "80}]}\n---\n"
      "apiVersion: v1\nkind: Service\nmetadata: {name: e}\nspec: {type: ExternalName, "
      "externalName: a.example.com}\n");
  REQUIRE(snapshot->services.size() == 2);
  CHECK(snapshot->services[0]->headless);
  CHECK(snapshot->services[0]->cluster_ips.empty());
  CHECK(snapshot->services[1]->external_name == "a.example.com");
}

TEST_CASE("config: a Pod with its node, ports, addresses and readiness") {
  const auto snapshot = judge(R"(apiVersion: v1
kind: Pod
metadata: {name: p, namespace: ns, uid: u, creationTimestamp: "2026-01-01T00:00:00Z", annotations: {sockmesh.io/netns: /run/netns/p}}
spec:
  nodeName: node-a
  serviceAccountName: sa
  hostNetwork: false
  containers: [{name: app, image: x, ports: [{containerPort: 80, name: web}]}]
  initContainers: [{name: side, restartPolicy: Always, ports: [{containerPort: 90}]}]
status: {podIP: 10.60.1.11, podIPs: [{ip: 10.60.1.11}, {ip: "fd60:1::b"}], phase: Running, conditions: [{type: Ready, status: "True"}]}
)");
  REQUIRE_MESSAGE(snapshot->pods.size() == 1, all_findings(*snapshot));
  const Pod& pod = *snapshot->pods[0];
  CHECK(pod.node_name == "node-a");
  CHECK(pod.service_account == "sa");
  CHECK(pod.ports.size() == 2);
  CHECK(pod.ips.size() == 2);
  CHECK(pod.ready);
  CHECK(pod.phase == "Running");
  CHECK(pod.meta.creation_timestamp == "2026-01-01T00:00:00Z");
  CHECK_FALSE(pod.deleting);
  const auto leaving = judge(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, deletionTimestamp: "
      "\"2026-01-01T00:00:00Z\"}\nspec: {}\n");
  CHECK(leaving->pods.at(0)->deleting);
  CHECK(leaving->pods.at(0)->service_account == "default");
}

TEST_CASE("config: EndpointSlices and Endpoints") {
  const auto snapshot = judge(R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a-x1, labels: {kubernetes.io/service-name: a}}
addressType: IPv4
endpoints:
- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: p1}}
- {addresses: [10.0.0.2], conditions: {ready: false}}
- {addresses: [10.0.0.3], conditions: {serving: true}}
ports: [{name: http, port: 8080, appProtocol: http}, {name: dns, port: 53, protocol: UDP}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: b}
subsets:
- {addresses: [{ip: 10.0.1.1, targetRef: {kind: Pod, name: q}}], notReadyAddresses: [{ip: 10.0.1.2}], ports: [{port: 80}]}
- {addresses: [{ip: 10.0.1.3}], ports: [{port: 81}]}
)");
  REQUIRE_MESSAGE(snapshot->endpoints.size() == 3, all_findings(*snapshot));
  const Endpoints& slice = *snapshot->endpoints[0];
  CHECK(slice.is_slice);
  CHECK(slice.service == "a");
  REQUIRE(slice.endpoints.size() == 3);
  CHECK(slice.endpoints[0].ready);
  CHECK(slice.endpoints[0].pod_name == "p1");
  CHECK_FALSE(slice.endpoints[1].ready);
  CHECK(slice.endpoints[2].ready);
  CHECK(slice.ports.size() == 1);
  CHECK(snapshot->endpoints[1]->service == "b");
  CHECK_FALSE(snapshot->endpoints[1]->endpoints.at(1).ready);
  CHECK(snapshot->endpoints[2]->ports.at(0).port == 81);
}

TEST_CASE("config: what Kubernetes would refuse is quarantined alone") {
  const std::pair<const char*, const char*> rows[] = {
      {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 70000}]}\n",
       "port"},
      {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {clusterIP: nowhere}\n",
       "clusterIP"},
      {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: x}]}\n", "port"},
      {"apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {version: 1}}\n", "labels.version"},
      {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nstatus: {podIPs: [{ip: x}]}\n", "ip"},
      {"apiVersion: v1\nkind: Pod\nmetadata: {}\n", "metadata.name"},
      {"apiVersion: v1\nkind: Pod\n", "metadata"},
      {"apiVersion: v1\nkind: Pod\nmetadata: {name: a/b}\n", "metadata.name"},
  };
  for (const auto& row : rows) {
    const auto& text = row.first;
    const auto& path = row.second;
    CAPTURE(text);
    const auto snapshot =
        judge(std::string(text) + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: fine}\n");
    CHECK_MESSAGE(find(*snapshot, path) != nullptr, all_findings(*snapshot));
    CHECK(state(*snapshot) == DocumentState::kQuarantined);
    CHECK(snapshot->namespaces.size() == 1);
  }
}

TEST_CASE("config: kinds and their fate") {
  struct Row {
    const char* api_version;
    const char* kind;
    DocumentState state;
    std::size_t findings;
    const char* spec = "{a: b}";
  };
  const Row rows[] = {
      {"v1", "ServiceAccount", DocumentState::kIgnored, 0},
      {"v1", "Secret", DocumentState::kIgnored, 0},
      {"v1", "Node", DocumentState::kIgnored, 0},
      {"v1", "ConfigMap", DocumentState::kAccepted, 0},
      {"apps/v1", "Deployment", DocumentState::kIgnored, 0},
      {"batch/v1", "CronJob", DocumentState::kIgnored, 0},
      {"rbac.authorization.k8s.io/v1", "ClusterRole", DocumentState::kIgnored, 0},
      {"networking.k8s.io/v1", "NetworkPolicy", DocumentState::kIgnored, 0},
      {"networking.istio.io/v1", "ServiceEntry", DocumentState::kWarned, 1,
       "{hosts: [a.example], resolution: DNS}"},
      {"networking.istio.io/v1", "WorkloadEntry", DocumentState::kWarned, 1, "{address: 10.0.0.1}"},
      {"networking.istio.io/v1", "Sidecar", DocumentState::kWarned, 1,
       "{egress: [{hosts: [\"./*\"]}]}"},
      {"networking.istio.io/v1alpha3", "EnvoyFilter", DocumentState::kWarned, 1,
       "{configPatches: []}"},
      {"telemetry.istio.io/v1", "Telemetry", DocumentState::kWarned, 1, "{}"},
      {"gateway.networking.k8s.io/v1", "Gateway", DocumentState::kWarned, 1},
      {"gateway.networking.k8s.io/v1", "HTTPRoute", DocumentState::kWarned, 1},
      {"example.com/v1", "Thing", DocumentState::kIgnored, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.kind);
    const auto snapshot =
        judge(std::string("apiVersion: ") + row.api_version + "\nkind: " + row.kind +
              "\nmetadata: {name: x}\nspec: " + row.spec + "\n");
    CHECK_MESSAGE(state(*snapshot) == row.state, all_findings(*snapshot));
    CHECK(snapshot->findings.size() == row.findings);
    CHECK_FALSE(has_error(snapshot->findings));
  }
}

TEST_CASE("config: a List is its items, each with its own place") {
  const auto snapshot = judge(
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: "
      "a}\n"
      "- apiVersion: v1\n  kind: Namespace\n  metadata: {name: b}\n");
  REQUIRE(snapshot->namespaces.size() == 2);
  CHECK(snapshot->documents.at(1).ref.line == 7);
}

TEST_CASE("config: a document that is no object is said, and data beside the resources ignored") {
  CHECK(state(*judge("just text\n")) == DocumentState::kQuarantined);
  CHECK(state(*judge("kind: Pod\n")) == DocumentState::kQuarantined);
  const auto data = judge("keys: [1]\n");
  CHECK(state(*data) == DocumentState::kIgnored);
  CHECK_FALSE(has_error(data->findings));
  const auto broken = judge("kind: [\n");
  REQUIRE(broken->documents.size() == 1);
  CHECK(broken->findings.at(0).describe().starts_with("t.yaml:"));
}

TEST_CASE("config: a duplicate key quarantines its document alone") {
  const auto snapshot = judge(
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\nkind: Namespace\n---\n"
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n");
  CHECK(state(*snapshot) == DocumentState::kQuarantined);
  CHECK(snapshot->findings.at(0).mark.line == 4);
  CHECK(snapshot->namespaces.size() == 1);
}

std::string mesh_config(const std::string& mesh, const char* space = "istio-system") {
  return std::string("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: ") +
         space + "}\ndata:\n  mesh: |\n" + mesh;
}

TEST_CASE("config: MeshConfig is YAML inside ConfigMap istio of the root namespace") {
  const std::string mesh =
      "    rootNamespace: root\n    trustDomain: td\n    outboundTrafficPolicy: {mode: "
      "REGISTRY_ONLY}\n"
      "    accessLogFile: /dev/stdout\n    pathNormalization: {normalization: MERGE_SLASHES}\n    "
      "enableAutoMtls: true\n";
  const auto snapshot = judge(mesh_config(mesh));
  CHECK(snapshot->mesh.root_namespace == "root");
  CHECK(snapshot->mesh.trust_domain == "td");
  CHECK(snapshot->mesh.registry_only);
  CHECK(snapshot->mesh.access_log_file == "/dev/stdout");
  CHECK(snapshot->mesh.path_normalization == "MERGE_SLASHES");
  const Finding* unused = find(*snapshot, "data.mesh.enableAutoMtls", Severity::kInfo);
  REQUIRE(unused != nullptr);
  CHECK(unused->mark.line == 11);
  CHECK(state(*snapshot) == DocumentState::kAccepted);
  CHECK_FALSE(judge(mesh_config(mesh, "other"))->mesh.registry_only);
}

TEST_CASE("config: a MeshConfig that is broken is quarantined, with its place in the file") {
  const auto snapshot =
      judge(mesh_config("    a: 1\n    outboundTrafficPolicy: {mode: SOMETIMES}\n"));
  const Finding* finding = find(*snapshot, "outboundTrafficPolicy.mode");
  REQUIRE(finding != nullptr);
  CHECK(finding->mark.line == 7);
  CHECK(find(*judge(mesh_config("    a: [\n")), "data.mesh") != nullptr);
  CHECK(find(*judge(mesh_config("    - a\n")), "data.mesh") != nullptr);
}

}  // namespace
}  // namespace sm::config
