// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "judge.h"

namespace sm::config {
namespace {

SnapshotPtr with_server(const std::string& server) {
  return judge(
      istio("Gateway", "  selector: {istio: ingressgateway}\n  servers: [{" + server + "}]\n"));
}

constexpr const char* kPort = "port: {number: 80, name: http, protocol: http}";

TEST_CASE("config: a Gateway is read, its protocol whatever the case") {
  const auto snapshot = with_server(std::string(kPort) + ", hosts: [\"*\", ./a.com, ns/*.b.com]");
  CHECK_MESSAGE(snapshot->findings.empty(), all_findings(*snapshot));
  REQUIRE(snapshot->gateways.size() == 1);
  const GatewayServer& server = snapshot->gateways[0]->servers.at(0);
  CHECK(snapshot->gateways[0]->selector.at("istio") == "ingressgateway");
  CHECK(server.port == 80);
  CHECK(server.protocol == "HTTP");
  CHECK(server.hosts.size() == 3);
}

TEST_CASE(
    "config: servers that this version cannot serve quarantine the Gateway, without calling it "
    "invalid") {
  const std::pair<std::string, const char*> rows[] = {
      {"port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.com], tls: {mode: SIMPLE, "
       "credentialName: c}",
       "tls"},
      {"port: {number: 3306, name: tcp, protocol: TCP}, hosts: [\"*\"]", "protocol"},
      {std::string(kPort) + ", hosts: [\"*\"], tls: {httpsRedirect: true}", "tls"},
      {std::string(kPort) + ", hosts: [\"*\"], bind: 10.0.0.1", "bind"},
  };
  for (const auto& row : rows) {
    const auto& server = row.first;
    const auto& path = row.second;
    CAPTURE(server);
    const auto snapshot = with_server(server);
    const Finding* finding = find(*snapshot, path);
    REQUIRE_MESSAGE(finding != nullptr, all_findings(*snapshot));
    CHECK(finding->code == code::kUnsupported);
    CHECK_FALSE(is_invalid(snapshot->findings));
    CHECK(snapshot->gateways.empty());
  }
}

TEST_CASE("config: a Gateway that Istio would refuse is quarantined") {
  const std::pair<std::string, const char*> rows[] = {
      {std::string(kPort), "hosts"},
      {"hosts: [\"*\"]", "port"},
      {"port: {name: http, protocol: HTTP}, hosts: [\"*\"]", "port.number"},
      {"port: {number: 0, name: http, protocol: HTTP}, hosts: [\"*\"]", "port.number"},
      {"port: {number: 80, protocol: HTTP}, hosts: [\"*\"]", "port.name"},
      {"port: {number: 80, name: x, protocol: SMTP}, hosts: [\"*\"]", "port.protocol"},
      {std::string(kPort) + ", hosts: [\"a.*.com\"]", "hosts"},
      {std::string(kPort) + ", hosts: [\"A B/a.com\"]", "hosts"},
      {std::string(kPort) + ", hosts: [short]", "hosts"},
      {std::string(kPort) + ", hosts: [\"*a.com\"]", "hosts"},
      {std::string(kPort) + ", hosts: [\"*\"], bind: nowhere", "bind"},
      {std::string(kPort) + ", hosts: [\"*\"], tls: {mode: SIMPLE, credentialName: c}", "tls"},
      {"port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"*\"]", "tls"},
      {"port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"*\"], tls: {mode: SIMPLE}",
       "privateKey"},
      {"port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"*\"], tls: {mode: MUTUAL, "
       "serverCertificate: a, privateKey: b}",
       "caCertificates"},
      {"port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"*\"], tls: {mode: "
       "ISTIO_MUTUAL, privateKey: b}",
       "privateKey"},
      {"port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"*\"], tls: {mode: SIMPLE, "
       "credentialName: a, credentialNames: [b]}",
       "tls"},
      {"port: {number: 80, name: http, protocol: HTTP, targetPort: 81}, hosts: [\"*\"]",
       "targetPort"},
  };
  for (const auto& row : rows) {
    const auto& server = row.first;
    const auto& path = row.second;
    CAPTURE(server);
    const auto snapshot = with_server(server);
    CHECK_MESSAGE(find(*snapshot, path) != nullptr, all_findings(*snapshot));
    CHECK(is_invalid(snapshot->findings));
  }
  CHECK(is_invalid(judge(istio("Gateway", "  selector: {a: b}\n"))->findings));
}

}  // namespace
}  // namespace sm::config
