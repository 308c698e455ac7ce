// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture_rows.h"

#include <doctest/doctest.h>

namespace sm::daemon {

TEST_CASE("daemon: connections past the mesh are counted from both ends, and nothing else is") {
  config::NodeConfig node;
  CHECK(dump_json(capture_facts(node, {})) ==
        R"({"unmeshedConnections":0,"onProxyDown":"closed","unknownPods":"deny"})");
  node.on_proxy_down_open = true;
  node.unknown_pods = UnknownPods::kHold;
  const Json facts = capture_facts(node, {{"unmeshed.connected", "note", 2},
                                          {"connect.captured", "redirect", 100},
                                          {"unmeshed.accepted", "note", 3}});
  CHECK(dump_json(facts) ==
        R"({"unmeshedConnections":5,"onProxyDown":"open","unknownPods":"hold"})");
  node.unknown_pods = UnknownPods::kAllow;
  CHECK(capture_facts(node, {})["unknownPods"] == "allow");
}

}  // namespace sm::daemon
