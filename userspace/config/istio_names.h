// SPDX-License-Identifier: Apache-2.0
// The names inside Istio's resources, as Istio's webhook judges them: hosts, labels, protocols,
// header texts. Where it is laxer or stricter than Kubernetes this follows the webhook. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace sm::config {

// At most 63 letters (of either case), digits and dashes, no dash at the ends.
bool is_istio_label(std::string_view text);
// Labels between dots, at most 255 bytes; a dot at the end is allowed, a last label of digits alone
// is not.
bool is_fqdn(std::string_view text);
// The same, whose first label may be "*", "*name" or "*-name".
bool is_wildcard_domain(std::string_view text);
// "*" in the middle of a first label: taken by is_wildcard_domain, not by Gateway and Sidecar.
bool is_partial_wildcard(std::string_view host);
// "outbound_.80_._.reviews.default.svc.cluster.local": what AUTO_PASSTHROUGH makes of a Service.
bool is_generated_sni(std::string_view text);

// Whether two hosts, wildcards among them, have a name in common.
bool hosts_overlap(std::string_view a, std::string_view b);
// Whether everything that `narrow` stands for is covered by `wide`.
bool host_covers(std::string_view wide, std::string_view narrow);

// Keys and values of labels, in either case; the length of a value is Kubernetes' business.
bool is_istio_label_key(std::string_view text);
bool is_istio_label_value(std::string_view text);

// An address, or a prefix of one.
bool is_ip_or_subnet(std::string_view text);
// What follows "unix://": an absolute path of a file, or "@name".
bool is_unix_path(std::string_view text);
inline constexpr std::string_view kUnixPrefix = "unix://";

// "@request.auth.claims.a.b" or "@request.auth.claims[a][b]", as a header name of a match.
bool is_jwt_claim(std::string_view text);
// ":method" and its like, which a match may name.
bool is_pseudo_header(std::string_view text);
// What is wrong with a value of a header operation: control characters, or a % that opens a command
// which never ends; "" when nothing is.
std::string header_value_problem(std::string_view text);

struct Protocol {
  bool known = false;
  bool http = false;  // HTTP, HTTP2, HTTP_PROXY, GRPC, GRPC-WEB
  bool tls = false;   // HTTPS, TLS
  bool tcp = false;   // TCP, HTTPS, TLS, MONGO, REDIS, MYSQL
};
// In any case.
Protocol protocol_of(std::string_view text);

}  // namespace sm::config
