// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "config/istio_names.h"
#include "config/read.h"
#include "config/schemas.h"
#include "config/validate.h"

namespace sm::config {
namespace {

std::string to_upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  });
  return text;
}

void read_protocol(const View& port, GatewayServer& server, Reporter& report) {
  server.protocol = to_upper(port.text("protocol"));
  const Protocol protocol = protocol_of(server.protocol);
  // What is no protocol at all Istio refuses, which has been said.
  if (protocol.http || !protocol.known) return;
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
    server.port = read_port(*port, "number").value_or(0);
    read_protocol(*port, server, report);
  }
  server.hosts = view.texts("hosts");
  server.bind = view.text("bind");
  if (const auto tls = view.child("tls")) {
    server.credential = tls->text("credentialName");
    server.credential_mark = tls->mark("credentialName");
    server.certificate_file = tls->text("serverCertificate");
    server.key_file = tls->text("privateKey");
  }
  return server;
}

}  // namespace

Object read_gateway(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kGatewaySchema, false, report);
  validate_gateway(spec, report);
  Gateway gateway;
  gateway.meta = read_metadata(document, report);
  gateway.selector = spec.labels("selector");
  gateway.selector_mark = spec.mark("selector");
  for (const View& server : spec.list("servers"))
    gateway.servers.push_back(read_server(server, report));
  return std::make_shared<const Gateway>(std::move(gateway));
}

}  // namespace sm::config
