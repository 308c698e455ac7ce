// SPDX-License-Identifier: Apache-2.0
// What a Sidecar has to keep to.
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <set>

#include "base/ip.h"
#include "config/istio_names.h"
#include "config/judge.h"
#include "config/validate.h"

namespace sm::config {
namespace {

void validate_protocol_and_name(const View& port, Reporter& report) {
  const Judge judge(port, report);
  const std::string name = port.text("name");
  if (!name.empty() && !is_istio_label(name)) {
    judge.refuse("name", fmt::format("\"{}\" is no name of a port", name),
                 "use letters, digits and dashes");
  }
  const std::string protocol = port.text("protocol");
  if (!protocol.empty() && !protocol_of(protocol).known) {
    judge.refuse("protocol", fmt::format("\"{}\" is no protocol", protocol),
                 "write HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS or MYSQL");
  }
  if (port.integer("targetPort").value_or(0) > 0) {
    judge.refuse("targetPort", "targetPort has no meaning here", "remove it");
  }
}

void validate_address(const View& listener, Reporter& report) {
  const std::string bind = listener.text("bind");
  if (bind.empty() || IpAddress::parse(bind)) return;
  Judge(listener, report)
      .refuse("bind", fmt::format("\"{}\" is no address", bind), "write an IP address");
}

void need_number(const View& port, Reporter& report) {
  const std::int64_t number = port.integer("number").value_or(0);
  if (number >= 1 && number <= 65535) return;
  Judge(port, report)
      .refuse("number", fmt::format("port {} is not in the range 1 to 65535", number),
              "write a port from 1 to 65535");
}

// "127.0.0.1:80", "[::1]:80", ":80"; or nothing.
std::string endpoint_problem(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) {
    return is_unix_path(text.substr(kUnixPrefix.size())) ? "" : "the path is not absolute";
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return "it has no port";
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return "an IPv6 address needs brackets";
  }
  if (!host.empty() && host != "127.0.0.1" && host != "0.0.0.0" && host != "::1" && host != "::") {
    return "it is neither the loopback nor the unspecified address";
  }
  const std::string_view digits = text.substr(colon + 1);
  int port = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, port);
  if (error != std::errc{} || end != last || port < 1 || port > 65535) return "its port is none";
  return {};
}

void validate_ingress_tls(const View& tls, const View& port, Reporter& report) {
  const Judge judge(tls, report);
  for (const std::string_view field :
       {"subjectAltNames", "credentialName", "credentialNames", "tlsCertificates"}) {
    if (tls.size(field) == 0 && tls.text(field).empty()) continue;
    judge.refuse(field, fmt::format("a Sidecar's tls has no {}", field),
                 fmt::format("remove {}", field));
  }
  if (tls.flag("httpsRedirect")) {
    judge.refuse("httpsRedirect", "a Sidecar redirects nothing", "remove httpsRedirect");
  }
  const std::string mode = tls.text("mode");
  if (mode == "ISTIO_MUTUAL" || mode == "AUTO_PASSTHROUGH") {
    judge.refuse("mode", fmt::format("a Sidecar has no mode {}", mode), "write SIMPLE or MUTUAL");
  }
  if (!protocol_of(port.text("protocol")).tls) {
    judge.refuse_all("this protocol has no tls settings", "write protocol HTTPS or TLS");
  }
  validate_server_tls(tls, report);
}

void validate_ingress(const View& listener, std::set<std::int64_t>& numbers, Reporter& report) {
  const auto port = listener.child("port");
  if (!port) return;
  validate_protocol_and_name(*port, report);
  need_number(*port, report);
  validate_address(listener, report);
  if (!numbers.insert(port->integer("number").value_or(0)).second) {
    Judge(*port, report).refuse("number", "two listeners have this port", "keep one of them");
  }
  const std::string endpoint = listener.text("defaultEndpoint");
  if (const std::string problem = endpoint_problem(endpoint);
      !endpoint.empty() && !problem.empty()) {
    Judge(listener, report)
        .refuse("defaultEndpoint", fmt::format("\"{}\" is no endpoint: {}", endpoint, problem),
                "write 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH");
  }
  if (const auto tls = listener.child("tls")) validate_ingress_tls(*tls, *port, report);
  if (const auto pool = listener.child("connectionPool")) validate_connection_pool(*pool, report);
}

void validate_unix_egress(const View& listener, const View& port, std::set<std::string>& sockets,
                          Reporter& report) {
  const Judge judge(listener, report);
  const std::string bind = listener.text("bind");
  if (!bind.starts_with(kUnixPrefix)) {
    Judge(port, report)
        .refuse("number", "a listener without a port number needs a Unix socket",
                "write a port, or bind: unix:///PATH");
  } else if (!is_unix_path(bind.substr(kUnixPrefix.size()))) {
    judge.refuse("bind", "the path of a Unix socket has to be absolute",
                 "write unix:///path/of/the/socket");
  }
  if (listener.text("captureMode") == "IPTABLES") {
    judge.refuse("captureMode", "a Unix socket cannot be captured", "write NONE");
  }
  if (!sockets.insert(bind).second) {
    judge.refuse("bind", "two listeners have this socket", "keep one of them");
  }
}

struct Egress {
  std::set<std::int64_t> numbers;
  std::set<std::string> sockets;
  bool catch_all = false;
};

void validate_egress_port(const View& listener, bool last, Egress& seen, Reporter& report) {
  const auto port = listener.child("port");
  if (!port) {
    if (!last || seen.catch_all) {
      Judge(listener, report)
          .refuse("port", "the listener without a port has to be the last, and the only one",
                  "move it to the end");
    }
    seen.catch_all = true;
    return;
  }
  validate_protocol_and_name(*port, report);
  const std::int64_t number = port->integer("number").value_or(0);
  if (number == 0) return validate_unix_egress(listener, *port, seen.sockets, report);
  need_number(*port, report);
  validate_address(listener, report);
  if (!seen.numbers.insert(number).second) {
    Judge(*port, report).refuse("number", "two listeners have this port", "keep one of them");
  }
}

void validate_egress_hosts(const View& listener, Reporter& report) {
  const Judge judge(listener, report);
  if (listener.has("hosts") && listener.size("hosts") == 0) {
    judge.refuse("hosts", "an egress listener needs hosts", "write hosts: [\"./*\"]");
  }
  std::set<std::string> seen;
  for (const auto& [host, mark] : listener.marked_texts("hosts")) {
    if (const std::string problem = scoped_host_problem(host, false); !problem.empty()) {
      judge.refuse("hosts", mark, fmt::format("\"{}\" is no host of a Sidecar: {}", host, problem),
                   "write namespace/host, as \"./*\", \"*/reviews.prod.svc.cluster.local\"");
    }
    if (!seen.insert(host).second) {
      judge.warn("hosts", fmt::format("{} is given twice", host), "remove one of them");
    }
  }
  if (seen.contains("*/*") && seen.size() > 1) {
    judge.warn("hosts", "\"*/*\" covers every other host", "keep it alone");
  }
}

void validate_outbound(const View& policy, Reporter& report) {
  const auto proxy = policy.child("egressProxy");
  if (!proxy) return;
  if (policy.text("mode") != "ALLOW_ANY") {
    Judge(policy, report)
        .refuse("egressProxy", "an egress proxy needs mode ALLOW_ANY", "write mode: ALLOW_ANY");
    return;
  }
  const Judge judge(*proxy, report);
  if (!is_fqdn(proxy->text("host"))) {
    judge.refuse("host", fmt::format("\"{}\" is no host name", proxy->text("host")),
                 "write a host without a wildcard");
  }
  if (!proxy->has("port")) {
    judge.refuse("port", "an egress proxy needs a port", "write port: {number: ...}");
    return;
  }
  validate_destination(*proxy, report);
}

}  // namespace

void validate_sidecar(const View& spec, Reporter& report) {
  const Judge judge(spec, report);
  if (const auto selector = spec.child("workloadSelector")) {
    validate_selector(*selector, "labels", report);
  }
  if (spec.size("egress") + spec.size("ingress") == 0 && !spec.has("outboundTrafficPolicy") &&
      !spec.has("inboundConnectionPool")) {
    judge.refuse_all("the Sidecar says nothing", "write egress, ingress or outboundTrafficPolicy");
  }
  std::set<std::int64_t> numbers;
  for (const View& listener : spec.list("ingress")) validate_ingress(listener, numbers, report);
  if (const auto pool = spec.child("inboundConnectionPool")) {
    validate_connection_pool(*pool, report);
  }
  Egress seen;
  const std::vector<View> egress = spec.list("egress");
  for (std::size_t i = 0; i < egress.size(); ++i) {
    validate_egress_port(egress[i], i + 1 == egress.size(), seen, report);
    validate_egress_hosts(egress[i], report);
  }
  if (const auto policy = spec.child("outboundTrafficPolicy")) validate_outbound(*policy, report);
}

}  // namespace sm::config
