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

// Kinds that are judged and analysed, and not applied by this version.
Object read_service_entry(const Node& document, Reporter& report);
Object read_workload_entry(const Node& document, Reporter& report);
Object read_sidecar(const Node& document, Reporter& report);
Object read_telemetry(const Node& document, Reporter& report);
Object read_envoy_filter(const Node& document, Reporter& report);
// What nothing but analysis looks at.
Object read_secret(const Node& document, Reporter& report);
Object read_node(const Node& document, Reporter& report);
Object read_kube_gateway(const Node& document, Reporter& report);

// Shared pieces of the Istio readers.
View istio_spec(const Node& document, const Message& schema, bool strict, Reporter& report);
Destination read_destination(const View& view);
// nullopt when it is absent or no port.
std::optional<std::uint16_t> read_port(const View& view, std::string_view name);
// The same, and says so.
std::optional<std::uint16_t> read_port(const View& view, std::string_view name, Reporter& report);

}  // namespace sm::config
