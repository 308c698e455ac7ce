// SPDX-License-Identifier: Apache-2.0
// Which VirtualService speaks for which host in the mesh, as one namespace sees it
// (istio-behaviour.md 1.6). Lives while a plan is being built.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "config/snapshot.h"
#include "plan/finding_set.h"
#include "plan/services.h"

namespace sm::plan {

// A VirtualService of gateway `mesh`, its hosts resolved.
struct MeshVirtualService {
  const config::VirtualService* from = nullptr;
  std::vector<std::string> hosts;
  std::uint32_t number = 0;  // by age, the same in every view
};

class MeshVirtualServices {
 public:
  explicit MeshVirtualServices(const config::Snapshot& snapshot);
  // Oldest first.
  const std::vector<MeshVirtualService>& all() const { return x_all; }

 private:
  std::vector<MeshVirtualService> x_all;
};

class MeshHosts {
 public:
  // `all` and `services` outlive it. Hosts that two visible VirtualServices claim are findings.
  MeshHosts(const MeshVirtualServices& all, const ServiceIndex& services,
            const std::string& client_namespace, FindingSet& findings);

  const std::string& client_namespace() const { return x_client_namespace; }
  // The visible services, oldest first.
  const std::vector<const KnownService*>& services() const { return x_services; }
  // The most specific host wins, of equal ones the oldest; null: none.
  const MeshVirtualService* owner_of(const KnownService& service) const;
  // What a visible VirtualService stands for, oldest first: services, and hosts that are none.
  struct Claim {
    const MeshVirtualService* from = nullptr;
    std::vector<const KnownService*> services;
    std::vector<std::string> others;
  };
  const std::vector<Claim>& claims() const { return x_claims; }

 private:
  struct Wildcard {
    std::string host;
    std::size_t claim;
  };
  void claim_host(const MeshVirtualService& from, const std::string& host, std::size_t claim,
                  FindingSet& findings);
  void share_out();

  std::string x_client_namespace;
  std::vector<const KnownService*> x_services;
  std::vector<Claim> x_claims;
  std::unordered_map<std::string_view, std::size_t>
      x_exact;                        // host -> claim; keys belong to the VirtualServices
  std::vector<Wildcard> x_wildcards;  // longest first, then oldest
  std::unordered_map<const KnownService*, std::size_t> x_owner;
};

}  // namespace sm::plan
