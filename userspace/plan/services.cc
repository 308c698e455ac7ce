// SPDX-License-Identifier: Apache-2.0
#include "plan/services.h"

#include <algorithm>
#include <map>
#include <utility>

#include "plan/naming.h"
#include "plan/protocol.h"

namespace sm::plan {

namespace {

constexpr std::string_view kExportToAnnotation = "networking.istio.io/exportTo";

// The container port that a Service's targetPort means in this pod; a name may mean another number
// in each pod.
std::optional<std::uint16_t> target_of(const config::ServicePort& port, const config::Pod& pod) {
  if (const auto* number = std::get_if<std::uint16_t>(&port.target_port))
    return *number == 0 ? port.port : *number;
  const std::string& name = std::get<std::string>(port.target_port);
  for (const config::ContainerPort& declared : pod.ports) {
    if (declared.name == name) return declared.port;
  }
  return std::nullopt;
}

bool has_both_families(const config::Service& service) {
  const auto v4 = [](const IpAddress& ip) { return ip.is_v4(); };
  const auto& ips = service.cluster_ips;
  return std::any_of(ips.begin(), ips.end(), v4) && !std::all_of(ips.begin(), ips.end(), v4);
}

// What is left out of the list is noted with the same pod's endpoint that stays.
void note_other(std::vector<Endpoint>& endpoints, bool v4) {
  std::map<std::pair<const Workload*, std::uint16_t>, IpAddress> others;
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.workload != nullptr && endpoint.address.ip.is_v4() != v4)
      others.emplace(std::pair(endpoint.workload, endpoint.address.port), endpoint.address.ip);
  }
  for (Endpoint& endpoint : endpoints) {
    const auto found = others.find({endpoint.workload, endpoint.address.port});
    if (endpoint.address.ip.is_v4() == v4 && found != others.end()) endpoint.other = found->second;
  }
}

// A pod of two families appears with both of its addresses: it is one endpoint, under the family of
// the Service's first cluster IP, else IPv4.
void keep_one_family(std::vector<Endpoint>& endpoints, const config::Service& service) {
  const bool v4 = service.cluster_ips.empty() || service.cluster_ips.front().is_v4();
  const auto wanted = [v4](const Endpoint& endpoint) { return endpoint.address.ip.is_v4() == v4; };
  if (std::none_of(endpoints.begin(), endpoints.end(), wanted)) return;
  if (service.headless || has_both_families(service)) note_other(endpoints, v4);
  std::erase_if(endpoints, [&wanted](const Endpoint& endpoint) { return !wanted(endpoint); });
}

void settle(std::vector<Endpoint>& endpoints, const config::Service& service) {
  keep_one_family(endpoints, service);
  std::stable_sort(endpoints.begin(), endpoints.end(),
                   [](const Endpoint& a, const Endpoint& b) { return a.address < b.address; });
  const auto same = [](const Endpoint& a, const Endpoint& b) { return a.address == b.address; };
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end(), same), endpoints.end());
  endpoints.shrink_to_fit();
}

KnownService known_service(const config::Service& service) {
  KnownService out;
  out.service = &service;
  out.fqdn = service_fqdn(to_lower(service.meta.ref.name), service.meta.ref.namespace_);
  const auto annotation = service.meta.annotations.find(std::string(kExportToAnnotation));
  if (annotation != service.meta.annotations.end()) {
    for (const std::string_view to : split(annotation->second, ',')) out.export_to.emplace_back(to);
  }
  for (const config::ServicePort& port : service.ports) {
    if (port.protocol == "TCP") out.ports.push_back({&port, select_protocol(port), {}});
  }
  return out;
}

}  // namespace

const KnownPort* KnownService::port(std::uint16_t number) const {
  for (const KnownPort& port : ports) {
    if (port.spec->port == number) return &port;
  }
  return nullptr;
}

std::optional<std::uint16_t> KnownService::only_port() const {
  if (service->ports.size() != 1) return std::nullopt;
  return service->ports.front().port;
}

bool KnownService::visible_to(std::string_view client_namespace) const {
  return exported_to(export_to, namespace_(), client_namespace);
}

ServiceIndex::ServiceIndex(const config::Snapshot& snapshot, const WorkloadIndex& workloads) {
  ObjectsByService objects;
  for (const auto& object : snapshot.endpoints) {
    objects[object->meta.ref.namespace_ + "/" + object->service].push_back(object.get());
  }
  x_services.reserve(snapshot.services.size());
  for (const auto& service : snapshot.services) {
    if (service->type != "ExternalName") x_services.push_back(known_service(*service));
  }
  std::sort(x_services.begin(), x_services.end(), [](const KnownService& a, const KnownService& b) {
    return is_older(a.service->meta, b.service->meta);
  });
  for (std::size_t i = 0; i < x_services.size(); ++i) {
    x_by_fqdn.emplace(x_services[i].fqdn, i);
    fill(x_services[i], objects, workloads);
  }
}

const KnownService* ServiceIndex::find(std::string_view fqdn) const {
  const auto found = x_by_fqdn.find(fqdn);
  return found == x_by_fqdn.end() ? nullptr : &x_services[found->second];
}

const std::vector<ServedPort>& ServiceIndex::served_by(const Workload* workload) const {
  const auto found = x_served.find(workload);
  return found == x_served.end() ? x_none : found->second;
}

void ServiceIndex::fill(KnownService& known, const ObjectsByService& objects,
                        const WorkloadIndex& workloads) {
  const auto found = objects.find(known.namespace_() + "/" + known.service->meta.ref.name);
  const bool has_objects = found != objects.end();
  if (has_objects) fill_from_objects(known, found->second, workloads);
  fill_from_pods(known, !has_objects, workloads);
  for (KnownPort& port : known.ports) settle(port.endpoints, *known.service);
}

void ServiceIndex::fill_from_objects(KnownService& known,
                                     const std::vector<const config::Endpoints*>& objects,
                                     const WorkloadIndex& workloads) {
  const bool slices =
      std::any_of(objects.begin(), objects.end(), [](const auto* o) { return o->is_slice; });
  for (const config::Endpoints* object : objects) {
    if (object->is_slice != slices) continue;
    for (KnownPort& port : known.ports) {
      for (const config::EndpointPort& target : object->ports) {
        if (target.name == port.spec->name)
          add_addresses(known, port, *object, target.port, workloads);
      }
    }
  }
}

void ServiceIndex::add_addresses(const KnownService& known, KnownPort& port,
                                 const config::Endpoints& object, std::uint16_t target,
                                 const WorkloadIndex& workloads) {
  for (const config::EndpointAddress& address : object.endpoints) {
    if (address.addresses.empty()) continue;
    const IpAddress& ip = address.addresses.front();
    const KnownPod* pod = nullptr;
    if (!address.pod_name.empty())
      pod = workloads.find(known.namespace_() + "/" + address.pod_name);
    if (pod == nullptr) pod = workloads.at(ip);
    const Workload* workload = pod == nullptr ? nullptr : pod->workload;
    if (workload != nullptr) serves(workload, known, port, target);
    if (address.ready) port.endpoints.push_back({{ip, target}, workload, {}});
  }
}

void ServiceIndex::fill_from_pods(KnownService& known, bool with_endpoints,
                                  const WorkloadIndex& workloads) {
  if (known.service->selector.empty()) return;
  for (const KnownPod* pod : workloads.select(known.namespace_(), known.service->selector)) {
    for (KnownPort& port : known.ports) {
      const auto target = target_of(*port.spec, *pod->pod);
      if (!target) continue;
      serves(pod->workload, known, port, *target);
      if (!with_endpoints || !is_endpoint(*pod->pod)) continue;
      for (const IpAddress& ip : pod->pod->ips)
        port.endpoints.push_back({{ip, *target}, pod->workload, {}});
    }
  }
}

void ServiceIndex::serves(const Workload* workload, const KnownService& service,
                          const KnownPort& port, std::uint16_t target) {
  if (!workload->enrolled_here) return;
  std::vector<ServedPort>& served = x_served[workload];
  const bool told = std::any_of(served.begin(), served.end(), [&](const ServedPort& other) {
    return other.port == &port && other.target == target;
  });
  if (!told) served.push_back({&service, &port, target});
}

}  // namespace sm::plan
