// SPDX-License-Identifier: Apache-2.0
// ServiceIndex: the Services of a Snapshot with their protocols and endpoints. Lives while a plan
// is being built, on the building thread; what it gives points into the Snapshot and into the
// workloads of the plan.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "plan/cluster.h"
#include "plan/workloads.h"

namespace sm::plan {

// One TCP port of a Service (UDP is not proxied).
struct KnownPort {
  const config::ServicePort* spec = nullptr;
  Protocol protocol = Protocol::kTcp;
  std::vector<Endpoint> endpoints;  // ready, by address, each once
};

struct KnownService {
  const config::Service* service = nullptr;
  std::string fqdn;
  std::vector<std::string> export_to;
  std::vector<KnownPort> ports;

  const std::string& namespace_() const { return service->meta.ref.namespace_; }
  const KnownPort* port(std::uint16_t number) const;
  // The port of a Service that has but one (UDP ones count as ports here).
  std::optional<std::uint16_t> only_port() const;
  bool visible_to(std::string_view client_namespace) const;
};

// A port of a pod of this node as a Service names it.
struct ServedPort {
  const KnownService* service = nullptr;
  const KnownPort* port = nullptr;
  std::uint16_t target = 0;  // container port
};

class ServiceIndex {
 public:
  ServiceIndex(const config::Snapshot& snapshot, const WorkloadIndex& workloads);
  ServiceIndex(const ServiceIndex&) = delete;
  ServiceIndex& operator=(const ServiceIndex&) = delete;

  // Oldest first. ExternalName services are not among them: their names are resolved by the client
  // and passed through.
  const std::vector<KnownService>& services() const { return x_services; }
  const KnownService* find(std::string_view fqdn) const;
  // The Services in front of a pod of this node, oldest first, whether the pod is ready or not.
  const std::vector<ServedPort>& served_by(const Workload* workload) const;

 private:
  using ObjectsByService = std::unordered_map<std::string, std::vector<const config::Endpoints*>,
                                              TextHash, std::equal_to<>>;
  void fill(KnownService& known, const ObjectsByService& objects, const WorkloadIndex& workloads);
  void fill_from_objects(KnownService& known, const std::vector<const config::Endpoints*>& objects,
                         const WorkloadIndex& workloads);
  void add_addresses(const KnownService& known, KnownPort& port, const config::Endpoints& object,
                     std::uint16_t target, const WorkloadIndex& workloads);
  void fill_from_pods(KnownService& known, bool with_endpoints, const WorkloadIndex& workloads);
  void serves(const Workload* workload, const KnownService& service, const KnownPort& port,
              std::uint16_t target);

  std::vector<KnownService> x_services;
  std::unordered_map<std::string_view, std::size_t> x_by_fqdn;  // keys are in x_services
  std::unordered_map<const Workload*, std::vector<ServedPort>> x_served;
  std::vector<ServedPort> x_none;
};

}  // namespace sm::plan
