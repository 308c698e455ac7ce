// SPDX-License-Identifier: Apache-2.0
#include "bpf/pod_wishes.h"

namespace sm::capture {
namespace {

CaptureLists lists_of(const Json& json) {
  const auto ranges = [&json](const char* name) {
    std::vector<Cidr> found;
    for (const std::string& one : json.value(name, std::vector<std::string>()))
      found.push_back(Cidr::parse(one).value_or(Cidr{}));
    return found;
  };
  const auto ports = [&json](const char* name) {
    return json.value(name, std::vector<std::uint16_t>());
  };
  CaptureLists lists;
  lists.all_out = json.value("all_out", true);
  lists.all_in = json.value("all_in", true);
  lists.out_include = ranges("out_include");
  lists.out_exclude = ranges("out_exclude");
  lists.out_ports_include = ports("out_ports_include");
  lists.out_ports_exclude = ports("out_ports_exclude");
  lists.in_ports_include = ports("in_ports_include");
  lists.in_ports_exclude = ports("in_ports_exclude");
  return lists;
}

}  // namespace

std::vector<PodWish> wishes_of(const Json& pods) {
  std::vector<PodWish> wishes;
  for (const Json& one : pods) {
    PodWish wish;
    wish.key = one.at("key").get<std::string>();
    wish.netns_path = one.at("netns").get<std::string>();
    wish.cgroup_path = one.value("cgroup", "");
    for (const Json& ip : one.at("ips"))
      wish.ips.push_back(IpAddress::parse(ip.get<std::string>()).value_or(IpAddress()));
    wish.bypass = one.value("bypass", false);
    wish.gateway = one.value("gateway", false);
    wish.gateway_ports = one.value("gateway_ports", std::vector<std::uint16_t>());
    wish.workers = one.value("workers", std::vector<unsigned>{0});
    wish.strict = one.value("strict", false);
    if (one.contains("lists")) wish.lists = lists_of(one.at("lists"));
    wishes.push_back(std::move(wish));
  }
  return wishes;
}

}  // namespace sm::capture
