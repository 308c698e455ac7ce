// SPDX-License-Identifier: Apache-2.0
// Snapshot: every resource in force at one moment, as typed values, and what there is to say about
// them. Built on the control thread by the loader, immutable afterwards, read by the planner and by
// the CLI's offline verbs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/analysed.h"
#include "config/finding.h"
#include "config/istio.h"
#include "config/kube.h"

namespace sm::config {

// What became of one document: the states of interfaces.md 3.1.
enum class DocumentState : unsigned char {
  kAccepted,
  kWarned,
  kQuarantined,  // refused; its last good version (if there is one) is in force
  kIgnored,      // a kind that sockmesh has no use for
};

struct Document {
  ObjectRef ref;
  DocumentState state = DocumentState::kAccepted;
  bool last_good_in_force = false;
};

// Everything that was read, in force or not, valid or not: what the analysers look at. In the order
// in which it was loaded.
struct Written {
  std::vector<std::shared_ptr<const VirtualService>> virtual_services;
  std::vector<std::shared_ptr<const DestinationRule>> destination_rules;
  std::vector<std::shared_ptr<const Gateway>> gateways;
  std::vector<std::shared_ptr<const SecurityPolicy>> security_policies;
  std::vector<std::shared_ptr<const ServiceEntry>> service_entries;
  std::vector<std::shared_ptr<const Sidecar>> sidecars;
  std::vector<std::shared_ptr<const Telemetry>> telemetries;
  std::vector<std::shared_ptr<const EnvoyFilter>> envoy_filters;
  std::vector<std::shared_ptr<const Secret>> secrets;
  std::vector<std::shared_ptr<const KubeNode>> nodes;
  std::vector<std::shared_ptr<const KubeGateway>> kube_gateways;
};

// Objects in the order they were loaded; identity is kind + namespace + name.
struct Snapshot {
  std::vector<std::shared_ptr<const Namespace>> namespaces;
  std::vector<std::shared_ptr<const Service>> services;
  std::vector<std::shared_ptr<const Pod>> pods;
  std::vector<std::shared_ptr<const Endpoints>> endpoints;
  std::vector<std::shared_ptr<const VirtualService>> virtual_services;
  std::vector<std::shared_ptr<const DestinationRule>> destination_rules;
  std::vector<std::shared_ptr<const Gateway>> gateways;
  std::vector<std::shared_ptr<const SecurityPolicy>> security_policies;
  // Security documents that were refused and have no last good version: the workloads that they
  // select (or, when even that cannot be read, the whole namespace) are denied.
  std::vector<std::shared_ptr<const SecurityPolicy>> broken_security_policies;
  MeshConfig mesh;
  Written written;
  std::vector<Document> documents;
  Findings findings;
};

}  // namespace sm::config
