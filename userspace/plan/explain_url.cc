// SPDX-License-Identifier: Apache-2.0
#include "plan/explain_url.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace sm::plan {

namespace {

// The names that a resolver of the client's namespace tries, as Services.
std::vector<std::string> candidates(std::string_view host, const std::string& home) {
  std::string name = to_lower(host);
  if (!name.empty() && name.back() == '.') name.pop_back();
  return {name, name + "." + home + ".svc.cluster.local", name + ".svc.cluster.local",
          name + ".cluster.local"};
}

}  // namespace

Result<Url> split_url(const std::string& text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string::npos) {
    return Error{ErrorCode::kInvalid, text + " is no URL",
                 "write http://HOST/PATH or tcp://ADDRESS:PORT"};
  }
  Url out;
  out.scheme = to_lower(std::string_view(text).substr(0, mark));
  const std::string_view rest = std::string_view(text).substr(mark + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  out.authority = rest.substr(0, end);
  out.target = rest.substr(end);
  if (out.target.empty() || out.target.front() != '/') out.target.insert(0, "/");
  if (out.scheme != "http" && out.scheme != "https" && out.scheme != "tcp") {
    return Error{ErrorCode::kInvalid, "scheme " + out.scheme + " cannot be explained",
                 "write http, https or tcp"};
  }
  return out;
}

SocketAddress dialled(const OutboundView& view, std::string_view authority, std::uint16_t port) {
  SocketAddress out{{}, port};
  std::string_view host = host_without_port(authority);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (const auto ip = IpAddress::parse(host)) {
    out.ip = *ip;
    return out;
  }
  const auto there = view.ports.find(port);
  if (there == view.ports.end()) return out;
  for (const std::string& name : candidates(host, view.namespace_)) {
    for (const auto& [ip, target] : there->second.by_address) {
      if (target.cluster->service == name) {
        out.ip = ip;
        return out;
      }
    }
  }
  return out;
}

}  // namespace sm::plan
