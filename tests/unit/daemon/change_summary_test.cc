// SPDX-License-Identifier: Apache-2.0
#include "daemon/change_summary.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
std::shared_ptr<const config::Gateway> gateway(const char* name) {
  auto made = std::make_shared<config::Gateway>();
  made->meta.ref = {"Gateway", "shop", name, "g.yaml", 1};
  return made;
}
}  // namespace

TEST_CASE("daemon: what a reload changed is counted by object") {
  config::Snapshot before;
  before.gateways = {gateway("a"), gateway("b"), gateway("c")};
  config::Snapshot after;
  after.gateways = {before.gateways[0], gateway("b"), gateway("d"), gateway("e")};
  const ChangeSummary summary = compare(&before, after);
  CHECK(summary.added == 2);
  CHECK(summary.changed == 1);
  CHECK(summary.removed == 1);
  CHECK(summary.describe() == "2 added, 1 changed, 1 removed");
  CHECK(compare(nullptr, after).added == 4);
}

TEST_CASE("daemon: mesh settings count as a change of their own") {
  const config::Snapshot before;
  config::Snapshot after;
  CHECK(compare(&before, after).describe() == "no object changed");
  after.mesh.registry_only = true;
  CHECK(compare(&before, after).describe() ==
        "0 added, 0 changed, 0 removed, mesh settings changed");
}

}  // namespace sm::daemon
