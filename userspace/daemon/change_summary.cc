// SPDX-License-Identifier: Apache-2.0
#include "daemon/change_summary.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <vector>

namespace sm::daemon {

namespace {
using Addresses = std::map<std::string, const void*>;

template <class Object>
void gather(const std::vector<std::shared_ptr<const Object>>& objects, Addresses& into) {
  for (const auto& object : objects) into[object->meta.ref.key()] = object.get();
}

Addresses addresses_of(const config::Snapshot& snapshot) {
  Addresses found;
  gather(snapshot.namespaces, found);
  gather(snapshot.services, found);
  gather(snapshot.pods, found);
  gather(snapshot.endpoints, found);
  gather(snapshot.virtual_services, found);
  gather(snapshot.destination_rules, found);
  gather(snapshot.gateways, found);
  gather(snapshot.security_policies, found);
  gather(snapshot.broken_security_policies, found);
  return found;
}
}  // namespace

std::string ChangeSummary::describe() const {
  if (empty()) return "no object changed";
  return fmt::format("{} added, {} changed, {} removed{}", added, changed, removed,
                     mesh ? ", mesh settings changed" : "");
}

ChangeSummary compare(const config::Snapshot* before, const config::Snapshot& after) {
  ChangeSummary summary;
  const Addresses old = before != nullptr ? addresses_of(*before) : Addresses{};
  const Addresses now = addresses_of(after);
  for (const auto& [key, address] : now) {
    const auto found = old.find(key);
    if (found == old.end()) {
      ++summary.added;
    } else if (found->second != address) {
      ++summary.changed;
    }
  }
  for (const auto& [key, address] : old) {
    if (now.count(key) == 0) ++summary.removed;
  }
  summary.mesh = before != nullptr && !(before->mesh == after.mesh);
  return summary;
}

}  // namespace sm::daemon
