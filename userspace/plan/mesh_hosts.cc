// SPDX-License-Identifier: Apache-2.0
#include "plan/mesh_hosts.h"

#include <algorithm>
#include <unordered_set>

#include "plan/naming.h"

namespace sm::plan {

namespace {

bool is_for_mesh(const config::VirtualService& from) {
  return from.gateways.empty() ||
         std::find(from.gateways.begin(), from.gateways.end(), kMeshGateway) != from.gateways.end();
}

}  // namespace

MeshVirtualServices::MeshVirtualServices(const config::Snapshot& snapshot) {
  for (const auto& from : snapshot.virtual_services) {
    if (!is_for_mesh(*from)) continue;
    MeshVirtualService known;
    known.from = from.get();
    for (const std::string& host : from->hosts)
      known.hosts.push_back(resolve_host(host, from->meta.ref.namespace_));
    x_all.push_back(std::move(known));
  }
  std::sort(x_all.begin(), x_all.end(),
            [](const MeshVirtualService& a, const MeshVirtualService& b) {
              return is_older(a.from->meta, b.from->meta);
            });
  for (std::size_t i = 0; i < x_all.size(); ++i) x_all[i].number = static_cast<std::uint32_t>(i);
}

MeshHosts::MeshHosts(const MeshVirtualServices& all, const ServiceIndex& services,
                     const std::string& client_namespace, FindingSet& findings)
    : x_client_namespace(client_namespace) {
  for (const KnownService& service : services.services()) {
    if (service.visible_to(client_namespace)) x_services.push_back(&service);
  }
  for (const MeshVirtualService& from : all.all()) {
    if (!exported_to(from.from->export_to, from.from->meta.ref.namespace_, client_namespace))
      continue;
    const std::size_t claim = x_claims.size();
    x_claims.push_back({&from, {}, {}});
    for (const std::string& host : from.hosts) claim_host(from, host, claim, findings);
  }
  std::stable_sort(
      x_wildcards.begin(), x_wildcards.end(),
      [](const Wildcard& a, const Wildcard& b) { return a.host.size() > b.host.size(); });
  share_out();
}

void MeshHosts::claim_host(const MeshVirtualService& from, const std::string& host,
                           std::size_t claim, FindingSet& findings) {
  std::size_t older = claim;
  if (is_wildcard(host)) {
    const auto same = [&host](const Wildcard& other) { return other.host == host; };
    const auto found = std::find_if(x_wildcards.begin(), x_wildcards.end(), same);
    if (found == x_wildcards.end()) {
      x_wildcards.push_back({host, claim});
    } else {
      older = found->claim;
    }
  } else {
    older = x_exact.try_emplace(host, claim).first->second;
  }
  if (older == claim) return;
  const config::ObjectRef& winner = x_claims[older].from->from->meta.ref;
  const config::ObjectRef& loser = from.from->meta.ref;
  findings.add({std::string(code::kMeshHostTaken),
                config::Severity::kError,
                loser,
                {loser.line, 1},
                "spec.hosts",
                "host " + host + " belongs to the older VirtualService " + winner.namespace_ + "/" +
                    winner.name + "; for it this one is not used in the mesh",
                "put the routes of one host into one VirtualService"});
}

// Gives each service to the VirtualService that speaks for it; what is left of a VirtualService's
// hosts names no service.
void MeshHosts::share_out() {
  std::unordered_set<std::string_view>
      served;  // hosts, wildcards among them, that stand for a service
  for (const KnownService* service : x_services) {
    if (const auto exact = x_exact.find(service->fqdn); exact != x_exact.end()) {
      x_owner[service] = exact->second;
      served.insert(exact->first);
      x_claims[exact->second].services.push_back(service);
      continue;
    }
    for (const Wildcard& wildcard : x_wildcards) {
      if (!host_within(service->fqdn, wildcard.host)) continue;
      x_owner[service] = wildcard.claim;
      served.insert(wildcard.host);
      x_claims[wildcard.claim].services.push_back(service);
      break;
    }
  }
  for (std::size_t i = 0; i < x_claims.size(); ++i) {
    for (const std::string& host : x_claims[i].from->hosts) {
      if (served.contains(host)) continue;
      const auto exact = x_exact.find(host);
      // A host that an older one claims is not added a second time.
      if (is_wildcard(host) || exact == x_exact.end() || exact->second == i)
        x_claims[i].others.push_back(host);
    }
  }
}

const MeshVirtualService* MeshHosts::owner_of(const KnownService& service) const {
  const auto found = x_owner.find(&service);
  return found == x_owner.end() ? nullptr : x_claims[found->second].from;
}

}  // namespace sm::plan
