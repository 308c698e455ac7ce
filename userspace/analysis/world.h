// SPDX-License-Identifier: Apache-2.0
// World: what the analysers ask again and again about one Snapshot, looked up once: hosts, pods by
// label, namespaces, gateways. Borrows the snapshot; const once built.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/snapshot.h"

namespace sm::analysis {

using config::Labels;

// "app=web,tier=front": sorted, as Kubernetes writes selectors.
std::string to_text(const Labels& selector);
// "namespace/name"
std::string name_of(const config::ObjectRef& ref);
// A short name becomes that of a Service of the namespace; wildcards and names with a dot stay.
std::string to_fqdn(const std::string& host, const std::string& namespace_name);
// "name" of the namespace, or "namespace/name", as "namespace/name".
std::string full_name(const std::string& name, const std::string& namespace_name);
// "*" when everybody sees it, else the namespaces that do.
std::vector<std::string> scopes_of(const std::vector<std::string>& export_to,
                                   const std::string& namespace_name);

// A Service, or a host of a ServiceEntry.
struct KnownHost {
  std::vector<std::uint16_t> ports;
  Labels selector;  // of a ServiceEntry's workloads
};

class World {
 public:
  // `default_gateway`: when no pod is an ingress gateway, one is assumed.
  World(const config::Snapshot& snapshot, bool default_gateway);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const config::Snapshot& snapshot() const { return x_snapshot; }
  const config::Written& written() const { return x_snapshot.written; }

  // What a destination of a resource in `namespace_name` means, nullptr when nothing.
  const KnownHost* find_host(const std::string& host, const std::string& namespace_name,
                             const std::vector<std::string>& export_to) const;
  // Pods with all these labels; every pod for no labels.
  std::vector<const config::Pod*> pods_with(const Labels& selector) const;
  bool has_pod_with(const Labels& selector) const;
  // Labels of a pod and those that its node gives it.
  Labels labels_with_place(const config::Pod& pod) const;
  bool is_in_mesh(const config::Pod& pod) const;
  bool is_assumed(const config::Pod& pod) const { return &pod == &x_assumed; }
  // Those of one namespace.
  const std::vector<const config::Service*>& services_of(const std::string& namespace_name) const;
  const config::Gateway* find_gateway(const std::string& full_name) const;
  const config::KubeGateway* find_kube_gateway(const std::string& full_name) const;
  const config::Secret* find_secret(const std::string& full_name) const;

 private:
  void add_pod(const config::Pod& pod);
  void assume_gateway();
  void add_host(const std::string& scope, const std::string& fqdn, const KnownHost& host);
  void add_hosts();
  const KnownHost* find_in(const std::string& scope, const std::string& fqdn) const;

  const config::Snapshot& x_snapshot;
  config::Pod x_assumed;                                             // a gateway that is not there
  std::map<std::pair<std::string, std::string>, KnownHost> x_hosts;  // scope, host
  std::vector<std::pair<std::string, std::string>> x_wildcards;      // keys of x_hosts
  std::map<std::pair<std::string, std::string>, std::vector<const config::Pod*>> x_by_label;
  std::vector<const config::Pod*> x_pods;
  std::unordered_map<std::string, const config::KubeNode*> x_nodes;
  std::unordered_map<std::string, bool> x_injects;                                  // by namespace
  std::unordered_map<std::string, std::vector<const config::Service*>> x_services;  // likewise
  std::unordered_map<std::string, const config::Gateway*> x_gateways;
  std::unordered_map<std::string, const config::KubeGateway*> x_kube_gateways;
  std::unordered_map<std::string, const config::Secret*> x_secrets;
};

// Whether `labels` has all of `selector`.
bool selects(const Labels& selector, const Labels& labels);

}  // namespace sm::analysis
