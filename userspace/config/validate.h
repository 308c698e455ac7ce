// SPDX-License-Identifier: Apache-2.0
// The rules of Istio's webhook (and of the CRDs' CEL expressions) that a table of fields cannot
// say, one function a kind. Each takes the checked `spec` and reports; nothing is read into objects
// here. Whatever it refuses Istio would refuse, and says so with the code of an invalid document.
#pragma once

#include <string>
#include <string_view>

#include "config/reporter.h"
#include "config/view.h"

namespace sm::config {

// Annotations that no document may bring along, and dry runs where there are none.
void validate_metadata(const Node& document, Reporter& report);

void validate_virtual_service(const View& spec, Reporter& report);
void validate_destination_rule(const View& spec, Reporter& report);
void validate_gateway(const View& spec, Reporter& report);
void validate_service_entry(const View& spec, const Node& document, Reporter& report);
void validate_workload_entry(const View& spec, Reporter& report);
void validate_sidecar(const View& spec, Reporter& report);
void validate_envoy_filter(const View& spec, Reporter& report);
void validate_telemetry(const View& spec, Reporter& report);
void validate_authorization_policy(const View& spec, Reporter& report);
void validate_peer_authentication(const View& spec, Reporter& report);
void validate_request_authentication(const View& spec, Reporter& report);

// Pieces that several kinds have.
// `delegate`: of a VirtualService without hosts, which others delegate to.
void validate_http_route(const View& route, bool delegate, Reporter& report);
void validate_http_match(const View& match, Reporter& report);
// CORS and fault injection, whoever reads them.
void validate_cors(const View& cors, Reporter& report);
void validate_fault(const View& fault, Reporter& report);
void validate_destination(const View& destination, Reporter& report);
// The weights of a route's destinations: none negative, and of several not all 0.
void validate_weights(const View& route, Reporter& report);
void validate_gateway_names(const View& owner, Reporter& report);
void validate_traffic_policy(const View& policy, Reporter& report);
void validate_load_balancer(const View& balancer, bool outlier, Reporter& report);
void validate_locality(const View& locality, bool outlier, Reporter& report);
void validate_connection_pool(const View& pool, Reporter& report);
void validate_server_tls(const View& tls, Reporter& report);

// 1 to 65535. An absent field is left alone, and so is 0 with `zero`.
void validate_port(const View& owner, std::string_view field, bool zero, Reporter& report);
// One regular expression; `text` is not empty.
void validate_regex(const View& owner, std::string_view field, Reporter& report);
// A StringMatch whose empty prefix or regular expression is refused.
void validate_string_match(const View& match, bool empty_prefix, Reporter& report);
void validate_labels(const View& owner, std::string_view field, Reporter& report);
// A selector by `labels` or `matchLabels`.
void validate_selector(const View& selector, std::string_view field, Reporter& report);
void validate_target_refs(const View& spec, Reporter& report);
enum class Exporter : unsigned char { kAny, kServiceEntry, kSelectingRule };
void validate_export_to(const View& spec, Exporter exporter, Reporter& report);
// The host of a Gateway's server or a Sidecar's listener: "host", "namespace/host".
std::string scoped_host_problem(std::string_view text, bool gateway);

}  // namespace sm::config
