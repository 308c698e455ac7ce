// SPDX-License-Identifier: Apache-2.0
#include "analysis/world.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/enrolment_rules.h"

namespace sm::analysis {
namespace {

constexpr std::string_view kExportAnnotation = "networking.istio.io/exportTo";

std::string value_of(const Labels& labels, std::string_view name) {
  const auto found = labels.find(std::string(name));
  return found == labels.end() ? std::string() : found->second;
}

template <class Objects, class Index>
void index_by_name(const Objects& objects, Index& index) {
  for (const auto& object : objects) index[name_of(object->meta.ref)] = object.get();
}

template <class Index>
auto find_in_index(const Index& index, const std::string& name) {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

}  // namespace

std::string to_text(const Labels& selector) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : selector) parts.push_back(name + "=" + value);
  std::sort(parts.begin(), parts.end());
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

std::string name_of(const config::ObjectRef& ref) { return ref.namespace_ + "/" + ref.name; }

std::string to_fqdn(const std::string& host, const std::string& namespace_name) {
  if (host.starts_with('*') || host.find('.') != std::string::npos) return host;
  return host + "." + namespace_name + ".svc.cluster.local";
}

std::string full_name(const std::string& name, const std::string& namespace_name) {
  return name.find('/') == std::string::npos ? namespace_name + "/" + name : name;
}

std::vector<std::string> scopes_of(const std::vector<std::string>& export_to,
                                   const std::string& namespace_name) {
  if (export_to.empty() || std::find(export_to.begin(), export_to.end(), "*") != export_to.end()) {
    return {"*"};
  }
  std::vector<std::string> out;
  for (const std::string& entry : export_to) {
    const std::string& scope = entry == "." ? namespace_name : entry;
    if (std::find(out.begin(), out.end(), scope) == out.end()) out.push_back(scope);
  }
  return out;
}

bool selects(const Labels& selector, const Labels& labels) {
  return std::all_of(selector.begin(), selector.end(), [&labels](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

World::World(const config::Snapshot& snapshot, bool default_gateway) : x_snapshot(snapshot) {
  for (const auto& pod : snapshot.pods) {
    add_pod(*pod);
    const std::string& space = pod->meta.ref.namespace_;
    if (!x_injects.contains(space)) {
      x_injects[space] = config::namespace_injects(snapshot, space);
    }
  }
  for (const auto& node : written().nodes) x_nodes[node->meta.ref.name] = node.get();
  index_by_name(written().gateways, x_gateways);
  index_by_name(written().kube_gateways, x_kube_gateways);
  index_by_name(written().secrets, x_secrets);
  add_hosts();
  if (default_gateway) assume_gateway();
}

void World::add_pod(const config::Pod& pod) {
  x_pods.push_back(&pod);
  for (const auto& label : pod.meta.labels) {
    x_by_label[{label.first, label.second}].push_back(&pod);
  }
}

void World::assume_gateway() {
  if (has_pod_with({{"istio", "ingressgateway"}})) return;
  x_assumed.meta.ref.kind = "Pod";
  x_assumed.meta.ref.namespace_ = x_snapshot.mesh.root_namespace;
  x_assumed.meta.ref.name = "istio-ingressgateway";
  x_assumed.meta.labels = {{"istio", "ingressgateway"}};
  add_pod(x_assumed);
}

void World::add_host(const std::string& scope, const std::string& fqdn, const KnownHost& host) {
  const auto key = std::make_pair(scope, fqdn);
  if (fqdn.starts_with('*') && !x_hosts.contains(key)) x_wildcards.push_back(key);
  x_hosts[key] = host;
}

void World::add_hosts() {
  for (const auto& entry : written().service_entries) {
    KnownHost known;
    for (const auto& port : entry->ports) known.ports.push_back(port.number);
    known.selector = entry->workload_selector;
    const std::string& space = entry->meta.ref.namespace_;
    for (const std::string& scope : scopes_of(entry->export_to, space)) {
      for (const std::string& host : entry->hosts) add_host(scope, to_fqdn(host, space), known);
    }
  }
  for (const auto& service : x_snapshot.services) {
    x_services[service->meta.ref.namespace_].push_back(service.get());
    KnownHost known;
    for (const auto& port : service->ports) known.ports.push_back(port.port);
    const config::ObjectRef& ref = service->meta.ref;
    std::vector<std::string> export_to;
    const std::string listed = value_of(service->meta.annotations, kExportAnnotation);
    for (const std::string_view scope : split(listed, ',')) export_to.emplace_back(scope);
    for (const std::string& scope : scopes_of(export_to, ref.namespace_)) {
      add_host(scope, to_fqdn(ref.name, ref.namespace_), known);
    }
  }
}

const KnownHost* World::find_in(const std::string& scope, const std::string& fqdn) const {
  const auto found = x_hosts.find({scope, fqdn});
  return found == x_hosts.end() ? nullptr : &found->second;
}

const KnownHost* World::find_host(const std::string& host, const std::string& namespace_name,
                                  const std::vector<std::string>& export_to) const {
  const std::string fqdn = to_fqdn(host, namespace_name);
  if (const KnownHost* known = find_in("*", fqdn)) return known;
  std::vector<std::string> scopes = export_to;
  if (scopes.empty()) scopes.push_back(".");
  for (const std::string& scope : scopes) {
    const KnownHost* known = find_in(scope == "." ? namespace_name : scope, fqdn);
    if (known != nullptr) return known;
  }
  std::string_view name = host;
  if (name.starts_with('*')) name.remove_prefix(1);
  for (const auto& [scope, wildcard] : x_wildcards) {
    if (scope != "*" && scope != namespace_name) continue;
    if (name.ends_with(std::string_view(wildcard).substr(1))) return find_in(scope, wildcard);
  }
  return nullptr;
}

std::vector<const config::Pod*> World::pods_with(const Labels& selector) const {
  if (selector.empty()) return x_pods;
  // The label that the fewest pods have decides which are looked at.
  const std::vector<const config::Pod*>* fewest = nullptr;
  for (const auto& label : selector) {
    const auto found = x_by_label.find({label.first, label.second});
    if (found == x_by_label.end()) return {};
    if (fewest == nullptr || found->second.size() < fewest->size()) fewest = &found->second;
  }
  std::vector<const config::Pod*> out;
  for (const config::Pod* pod : *fewest) {
    if (selects(selector, pod->meta.labels)) out.push_back(pod);
  }
  return out;
}

bool World::has_pod_with(const Labels& selector) const { return !pods_with(selector).empty(); }

Labels World::labels_with_place(const config::Pod& pod) const {
  Labels out = pod.meta.labels;
  if (!pod.node_name.empty()) out["kubernetes.io/hostname"] = pod.node_name;
  const auto node = x_nodes.find(pod.node_name);
  if (node == x_nodes.end()) return out;
  // A subzone counts in a zone alone.
  constexpr std::array<const char*, 3> kPlaces = {
      "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"};
  for (const char* place : kPlaces) {
    const std::string value = value_of(node->second->meta.labels, place);
    if (value.empty() && place != kPlaces[0]) break;
    if (!value.empty()) out[place] = value;
  }
  return out;
}

bool World::is_in_mesh(const config::Pod& pod) const {
  constexpr std::string_view kInject = "sidecar.istio.io/inject";
  if (value_of(pod.meta.annotations, "sockmesh.io/gateway") == "true") return true;
  for (const Labels* words : {&pod.meta.labels, &pod.meta.annotations}) {
    const std::string word = value_of(*words, kInject);
    if (!word.empty()) return word == "true";
  }
  const auto injects = x_injects.find(pod.meta.ref.namespace_);
  return injects != x_injects.end() && injects->second;
}

const std::vector<const config::Service*>& World::services_of(
    const std::string& namespace_name) const {
  static const std::vector<const config::Service*> kNone;
  const auto found = x_services.find(namespace_name);
  return found == x_services.end() ? kNone : found->second;
}

const config::Gateway* World::find_gateway(const std::string& name) const {
  return find_in_index(x_gateways, name);
}

const config::KubeGateway* World::find_kube_gateway(const std::string& name) const {
  return find_in_index(x_kube_gateways, name);
}

const config::Secret* World::find_secret(const std::string& name) const {
  return find_in_index(x_secrets, name);
}

}  // namespace sm::analysis
