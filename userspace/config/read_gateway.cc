// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "config/read.h"
#include "config/scalars.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

std::string to_upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  });
  return text;
}

// "host", "namespace/host", "./host", "*/host" (istio-behaviour.md 1.3).
bool is_server_host(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view scope = text.substr(0, slash);
    if (scope != "." && scope != "*" && !is_dns_label(scope)) return false;
    text.remove_prefix(slash + 1);
  }
  return is_wildcard_domain(text);
}

void read_protocol(const View& port, GatewayServer& server, Reporter& report) {
  static constexpr std::string_view kHttp[] = {"HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY"};
  static constexpr std::string_view kOther[] = {"HTTPS", "TLS", "TCP", "MONGO", "REDIS", "MYSQL"};
  server.protocol = to_upper(port.text("protocol"));
  if (std::find(std::begin(kHttp), std::end(kHttp), server.protocol) != std::end(kHttp)) return;
  if (std::find(std::begin(kOther), std::end(kOther), server.protocol) == std::end(kOther)) {
    report.invalid(port.path("protocol"), port.mark("protocol"),
                   fmt::format("\"{}\" is no protocol of a gateway", server.protocol),
                   "write HTTP");
    return;
  }
  report.unsupported(port.path("protocol"), port.mark("protocol"),
                     fmt::format("gateway servers of protocol {} are not supported by this version",
                                 server.protocol),
                     "serve HTTP, or leave this server out");
}

GatewayServer read_server(const View& view, Reporter& report) {
  GatewayServer server;
  server.mark = view.mark();
  server.has_tls = view.has("tls");
  if (const auto port = view.child("port")) {
    server.port_name = port->text("name");
    if (!port->has("number")) {
      report.invalid(port->path("number"), port->mark(), "a server's port needs a number", "");
    }
    server.port = read_port(*port, "number", report).value_or(0);
    if (server.port_name.empty()) {
      report.invalid(port->path("name"), port->mark(), "a server's port needs a name",
                     "write name: http");
    }
    read_protocol(*port, server, report);
  } else {
    report.invalid(view.path("port"), view.mark(), "a server needs a port",
                   "write port: {number: 80, name: http, protocol: HTTP}");
  }
  for (auto& [host, mark] : view.marked_texts("hosts")) {
    if (!is_server_host(host)) {
      report.invalid(view.path("hosts"), mark, fmt::format("\"{}\" is no host of a gateway", host),
                     "write a host name, \"*\", \"*.example.com\", or namespace/host");
    }
    server.hosts.push_back(std::move(host));
  }
  if (server.hosts.empty()) {
    report.invalid(view.path("hosts"), view.mark(), "a server needs hosts", "write hosts: [\"*\"]");
  }
  return server;
}

}  // namespace

Object read_gateway(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kGatewaySchema, false, report);
  Gateway gateway;
  gateway.meta = read_metadata(document, report);
  gateway.selector = spec.labels("selector");
  check_labels(spec, "selector", report);
  for (const View& server : spec.list("servers"))
    gateway.servers.push_back(read_server(server, report));
  if (gateway.servers.empty()) {
    report.invalid("spec.servers", spec.mark(), "a Gateway needs servers", "");
  }
  return std::make_shared<const Gateway>(std::move(gateway));
}

}  // namespace sm::config
