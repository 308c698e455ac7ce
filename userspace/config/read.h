// SPDX-License-Identifier: Apache-2.0
// The typed readers, one for each kind that means something. Each checks `document` (the whole tree
// of one object) against its table, then the rules that a table cannot say, and returns the object;
// whether it may be used depends on the findings.
#pragma once

#include "config/document.h"
#include "config/reporter.h"
#include "config/view.h"

namespace sm::config {

// Name, namespace, labels and the rest of `metadata`; the ref is the reporter's.
Metadata read_metadata(const Node& document, const Reporter& report);

Object read_namespace(const Node& document, Reporter& report);
Object read_service(const Node& document, Reporter& report);
Object read_pod(const Node& document, Reporter& report);
Object read_endpoints(const Node& document, Reporter& report);
Object read_endpoint_slice(const Node& document, Reporter& report);
// MeshConfig when it is ConfigMap `istio` of istio-system, else nothing.
Object read_config_map(const Node& document, Reporter& report);

Object read_virtual_service(const Node& document, Reporter& report);
HttpRoute read_http_route(const View& route, Reporter& report);
Object read_destination_rule(const Node& document, Reporter& report);
Object read_gateway(const Node& document, Reporter& report);
Object read_authorization_policy(const Node& document, Reporter& report);
Object read_peer_authentication(const Node& document, Reporter& report);
Object read_request_authentication(const Node& document, Reporter& report);

// Shared pieces of the Istio readers.
View istio_spec(const Node& document, const Message& schema, bool strict, Reporter& report);
Destination read_destination(const View& view, Reporter& report);
std::optional<std::uint16_t> read_port(const View& view, std::string_view name, Reporter& report);
std::vector<std::string> read_export_to(const View& spec, Reporter& report);
// "mesh", "gateway" or "namespace/gateway".
std::vector<std::string> read_gateway_names(const View& view, Reporter& report);
void check_labels(const View& view, std::string_view name, Reporter& report);

}  // namespace sm::config
