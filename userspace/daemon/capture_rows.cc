// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture_rows.h"

#include <string>

namespace sm::daemon {

namespace {
Json ranges_json(bool all, const std::vector<Cidr>& ranges) {
  Json list = all ? Json::array({"*"}) : Json::array();
  for (const Cidr& range : ranges) {
    list.push_back(range.base.to_string() + "/" + std::to_string(range.prefix_length));
  }
  return list;
}

Json ports_json(bool all, const std::vector<std::uint16_t>& ports) {
  Json list = all ? Json::array({"*"}) : Json::array();
  for (const std::uint16_t port : ports) list.push_back(port);
  return list;
}

std::string_view word_of(UnknownPods unknown) {
  switch (unknown) {
    case UnknownPods::kHold:
      return "hold";
    case UnknownPods::kDeny:
      return "deny";
    case UnknownPods::kAllow:
      return "allow";
  }
  return "deny";
}
}  // namespace

Json lists_json(const CaptureLists& lists) {
  return Json{{"includeOutboundIPRanges", ranges_json(lists.all_out, lists.out_include)},
              {"excludeOutboundIPRanges", ranges_json(false, lists.out_exclude)},
              {"includeOutboundPorts", ports_json(false, lists.out_ports_include)},
              {"excludeOutboundPorts", ports_json(false, lists.out_ports_exclude)},
              {"includeInboundPorts", ports_json(lists.all_in, lists.in_ports_include)},
              {"excludeInboundPorts", ports_json(false, lists.in_ports_exclude)}};
}

Json self_test_json(const capture::SelfTest& test) {
  return Json{{"passed", test.passed}, {"failed", test.failed}, {"lastFailure", test.last_failure}};
}

Json old_connections_json(const std::vector<capture::OldConnection>& connections) {
  Json rows = Json::array();
  for (const capture::OldConnection& one : connections) {
    rows.push_back(Json{{"local", one.local.to_string()},
                        {"remote", one.remote.to_string()},
                        {"destroyed", one.destroyed}});
  }
  return rows;
}

Json capture_facts(const config::NodeConfig& node, const std::vector<capture::Counter>& counters) {
  std::uint64_t unmeshed = 0;
  for (const capture::Counter& counter : counters) {
    if (counter.name == "unmeshed.connected" || counter.name == "unmeshed.accepted")
      unmeshed += counter.value;
  }
  return Json{{"unmeshedConnections", unmeshed},
              {"onProxyDown", node.on_proxy_down_open ? "open" : "closed"},
              {"unknownPods", word_of(node.unknown_pods)}};
}

}  // namespace sm::daemon
