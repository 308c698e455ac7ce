// SPDX-License-Identifier: Apache-2.0
// What a Gateway has to keep to, and the TLS settings of servers, which a Sidecar has as well.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/ip.h"
#include "config/istio_names.h"
#include "config/judge.h"
#include "config/validate.h"

namespace sm::config {
namespace {

constexpr std::string_view kCiphers[] = {
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
};

bool is_cipher(std::string_view name) {
  // Expressions with operators, as "-ALL", are passed on.
  const char first = name.empty() ? '-' : name.front();
  const bool word = (first >= '0' && first <= '9') || (first >= 'A' && first <= 'Z') ||
                    (first >= 'a' && first <= 'z');
  return !word || name == "ALL" ||
         std::find(std::begin(kCiphers), std::end(kCiphers), name) != std::end(kCiphers);
}

bool is_passthrough(const View& tls) {
  // PASSTHROUGH is the mode when none is given.
  const std::string mode = tls.text("mode");
  return mode.empty() || mode == "PASSTHROUGH" || mode == "AUTO_PASSTHROUGH";
}

void warn_of_ciphers(const View& tls, Reporter& report) {
  const Judge judge(tls, report);
  const std::string least = tls.text("minProtocolVersion");
  if ((least == "TLSV1_0" || least == "TLSV1_1") && tls.size("cipherSuites") == 0) {
    judge.warn("minProtocolVersion", "the default ciphers do not fit versions below TLSV1_2",
               "write cipherSuites");
  }
  std::set<std::string> seen;
  for (const std::string& name : tls.texts("cipherSuites")) {
    if (!is_cipher(name)) {
      judge.warn("cipherSuites", fmt::format("\"{}\" is no cipher suite", name), "remove it");
    } else if (!seen.insert(name).second) {
      judge.warn("cipherSuites", fmt::format("{} is given twice", name), "remove one of them");
    }
  }
}

void validate_mesh_tls(const View& tls, Reporter& report) {
  const Judge judge(tls, report);
  for (const std::string_view field : {"serverCertificate", "privateKey", "caCertificates",
                                       "tlsCertificates", "credentialName", "credentialNames"}) {
    if (tls.text(field).empty() && tls.size(field) == 0) continue;
    judge.refuse(field, fmt::format("ISTIO_MUTUAL brings its certificates; {} has no place", field),
                 fmt::format("remove {}", field));
  }
}

void need(const View& owner, std::string_view field, std::string_view mode, Reporter& report) {
  if (!owner.text(field).empty()) return;
  Judge(owner, report)
      .refuse(field, fmt::format("mode {} needs {}", mode, field),
              fmt::format("write {}, or credentialName", field));
}

void validate_certificates(const View& tls, const std::string& mode, Reporter& report) {
  if (mode != "SIMPLE") need(tls, "caCertificates", mode, report);
  if (tls.size("tlsCertificates") == 0) {
    need(tls, "serverCertificate", mode, report);
    need(tls, "privateKey", mode, report);
  }
  for (const View& certificate : tls.list("tlsCertificates")) {
    need(certificate, "serverCertificate", mode, report);
    need(certificate, "privateKey", mode, report);
  }
}

// How a server's TLS settings go with its protocol.
void validate_protocol(const View& server, const View& port, Reporter& report) {
  const Judge judge(server, report);
  const Protocol protocol = protocol_of(port.text("protocol"));
  const auto tls = server.child("tls");
  if (protocol.tls && !tls) {
    judge.refuse("tls", "a server of HTTPS or TLS needs tls", "write tls: {mode: ...}");
  }
  if (protocol.tls || !tls) return;
  if (!protocol.http) {
    judge.refuse("tls", "this protocol has no tls settings", "write protocol HTTPS or TLS");
    return;
  }
  const bool certificates = !tls->text("caCertificates").empty() ||
                            !tls->text("privateKey").empty() ||
                            !tls->text("serverCertificate").empty();
  if (certificates || !is_passthrough(*tls)) {
    judge.refuse("tls", "a server of plain HTTP has no tls but httpsRedirect",
                 "write protocol HTTPS");
  }
}

void validate_bind(const View& server, std::int64_t number, Reporter& report) {
  const Judge judge(server, report);
  const std::string bind = server.text("bind");
  if (bind.starts_with(kUnixPrefix)) {
    if (!is_unix_path(bind.substr(kUnixPrefix.size()))) {
      judge.refuse("bind", "the path of a Unix socket has to be absolute",
                   "write unix:///path/of/the/socket");
    }
    if (number != 0) {
      judge.refuse("bind", "a Unix socket has no port number", "write port: {number: 0}");
    }
  } else if (!bind.empty() && !IpAddress::parse(bind)) {
    judge.refuse("bind", fmt::format("\"{}\" is no address", bind), "write an IP address");
  }
}

// Whether the port is one; what it goes with is judged only then.
bool validate_server_port(const View& port, bool unix_socket, Reporter& report) {
  const Judge judge(port, report);
  const std::size_t before = report.findings().size();
  const std::string protocol = port.text("protocol");
  if (!protocol_of(protocol).known) {
    judge.refuse("protocol", fmt::format("\"{}\" is no protocol of a gateway", protocol),
                 "write HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS or MYSQL");
  }
  validate_port(port, "number", unix_socket, report);
  if (port.integer("targetPort").value_or(0) > 0) {
    judge.refuse("targetPort", "targetPort has no meaning here", "remove it");
  }
  if (port.has("name") && port.text("name").empty()) {
    judge.refuse("name", "a server's port needs a name", "write name: http");
  }
  return report.findings().size() == before;
}

void validate_server(const View& server, Reporter& report) {
  const Judge judge(server, report);
  if (server.size("hosts") == 0 && server.has("hosts")) {
    judge.refuse("hosts", "a server needs hosts", "write hosts: [\"*\"]");
  }
  for (const auto& [host, mark] : server.marked_texts("hosts")) {
    const std::string problem = scoped_host_problem(host, true);
    if (problem.empty()) continue;
    judge.refuse("hosts", mark, fmt::format("\"{}\" is no host of a gateway: {}", host, problem),
                 "write \"*\", a host name with a dot, \"*.example.com\", or namespace/host");
  }
  const auto port = server.child("port");
  validate_bind(server, port ? port->integer("number").value_or(0) : 0, report);
  if (const auto tls = server.child("tls")) validate_server_tls(*tls, report);
  if (!port) return;
  const bool unix_socket = server.text("bind").starts_with(kUnixPrefix);
  if (validate_server_port(*port, unix_socket, report)) validate_protocol(server, *port, report);
  const auto tls = server.child("tls");
  if (tls && tls->flag("httpsRedirect") && !protocol_of(port->text("protocol")).http) {
    Judge(*tls, report)
        .warn("httpsRedirect", "only a server of HTTP can redirect", "remove httpsRedirect");
  }
}

}  // namespace

void validate_server_tls(const View& tls, Reporter& report) {
  const Judge judge(tls, report);
  warn_of_ciphers(tls, report);
  const std::string mode = tls.text("mode");
  if (mode == "ISTIO_MUTUAL") return validate_mesh_tls(tls, report);
  const bool credential = !tls.text("credentialName").empty() || tls.size("credentialNames") > 0;
  const bool files = !tls.text("serverCertificate").empty() && !tls.text("privateKey").empty();
  const int sources = (files ? 1 : 0) + (tls.text("credentialName").empty() ? 0 : 1) +
                      (tls.size("credentialNames") > 0 ? 1 : 0) +
                      (tls.size("tlsCertificates") > 0 ? 1 : 0);
  if (sources > 1) {
    judge.refuse_all("certificates come from one place only",
                     "keep one of credentialName, credentialNames, tlsCertificates, and "
                     "serverCertificate with privateKey");
  }
  const bool ends_tls = mode == "SIMPLE" || mode == "MUTUAL" || mode == "OPTIONAL_MUTUAL";
  if (ends_tls && credential) return;
  if (ends_tls) {
    validate_certificates(tls, mode, report);
  } else if (sources > 0) {
    judge.warn("mode", "this mode uses no certificates", "write SIMPLE, or remove them");
  }
  if (tls.text("caCrl").empty()) return;
  if (!tls.text("credentialName").empty() || mode == "SIMPLE") {
    judge.refuse("caCrl", "caCrl goes with MUTUAL and certificates of files alone",
                 "put it into the credential, or remove it");
  }
}

void validate_gateway(const View& spec, Reporter& report) {
  const Judge judge(spec, report);
  if (!is_istio_label(report.object().name)) {
    report.invalid("metadata.name", Mark{},
                   fmt::format("\"{}\" is no name of a Gateway", report.object().name),
                   "use letters, digits and dashes; no dots");
  }
  if (spec.size("servers") == 0) {
    judge.refuse("servers", "a Gateway needs servers",
                 "write servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: "
                 "[\"*\"]}]");
  }
  std::set<std::string> names;
  for (const View& server : spec.list("servers")) {
    validate_server(server, report);
    const auto port = server.child("port");
    if (!port || names.insert(port->text("name")).second) continue;
    Judge(*port, report)
        .refuse("name", fmt::format("two servers have a port \"{}\"", port->text("name")),
                "give each its own name");
  }
}

}  // namespace sm::config
