// SPDX-License-Identifier: Apache-2.0
#include "plan/local_pods.h"

#include "base/limits.h"
#include "plan/naming.h"

namespace sm::plan {

std::unordered_map<std::uint16_t, InboundPort> inbound_ports(
    const std::vector<ServedPort>& served) {
  std::unordered_map<std::uint16_t, InboundPort> out;
  for (const ServedPort& each : served) {
    out.try_emplace(each.target,
                    InboundPort{each.target, each.port->protocol, inbound_cluster_name(each.target),
                                each.service->fqdn});
  }
  return out;
}

unsigned wanted_concurrency(std::string_view proxy_config, unsigned otherwise) {
  constexpr std::string_view kKey = "concurrency";
  const std::size_t at = proxy_config.find(kKey);
  if (at == std::string_view::npos) return otherwise;
  std::string_view rest = proxy_config.substr(at + kKey.size());
  // A closing quote of the key in JSON, the colon, blanks, perhaps a quoted number.
  while (!rest.empty() && (rest.front() == '"' || rest.front() == '\'' || rest.front() == ':' ||
                           rest.front() == ' ')) {
    rest.remove_prefix(1);
  }
  const std::size_t digits = rest.find_first_not_of("0123456789");
  const auto number = parse_decimal(rest.substr(0, digits), kWorkersMax);
  return number ? static_cast<unsigned>(*number) : otherwise;
}

}  // namespace sm::plan
