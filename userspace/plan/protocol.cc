// SPDX-License-Identifier: Apache-2.0
#include "plan/protocol.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace sm::plan {

namespace {

constexpr std::array<std::pair<std::string_view, Protocol>, 11> kWords{{
    {"http", Protocol::kHttp},
    {"http2", Protocol::kHttp},
    {"http_proxy", Protocol::kHttp},
    {"grpc", Protocol::kHttp},
    {"grpc-web", Protocol::kHttp},
    {"tcp", Protocol::kTcp},
    {"https", Protocol::kTcp},
    {"tls", Protocol::kTcp},
    {"mongo", Protocol::kTcp},
    {"redis", Protocol::kTcp},
    {"mysql", Protocol::kTcp},
}};

// The word before the first `-`; grpc-web has a dash of its own.
std::optional<Protocol> from_name(std::string_view name) {
  if (starts_with_ignoring_case(name, "grpc-web")) return Protocol::kHttp;
  const std::string_view word = name.substr(0, name.find('-'));
  for (const auto& [text, protocol] : kWords) {
    if (equals_ignoring_case(word, text)) return protocol;
  }
  return std::nullopt;
}

}  // namespace

Protocol select_protocol(const config::ServicePort& port) {
  std::string_view name = port.name;
  if (!port.app_protocol.empty()) {
    if (port.app_protocol == "kubernetes.io/h2c" || port.app_protocol == "kubernetes.io/ws")
      return Protocol::kHttp;
    if (port.app_protocol == "kubernetes.io/wss") return Protocol::kTcp;
    name = port.app_protocol;
  }
  if (const auto named = from_name(name)) return *named;
  // SMTP, DNS, MySQL and MongoDB: detection would wait for a client that is silent.
  const bool server_first =
      port.port == 25 || port.port == 53 || port.port == 3306 || port.port == 27017;
  return server_first ? Protocol::kTcp : Protocol::kAuto;
}

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::kHttp:
      return "http";
    case Protocol::kTcp:
      return "tcp";
    case Protocol::kAuto:
      return "auto";
  }
  return "tcp";
}

}  // namespace sm::plan
