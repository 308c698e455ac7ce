// SPDX-License-Identifier: Apache-2.0
// The schema of each kind, by name. Tables are in schema_*.cc.
#pragma once

#include "config/schema.h"

namespace sm::config {

// Kubernetes: open messages, only what is read is described. Each stands for the whole document.
extern const Message kObjectSchema;  // apiVersion, kind, metadata: of every kind
extern const Message kMetadataSchema;
extern const Message kServiceSchema;
extern const Message kPodSchema;
extern const Message kEndpointsSchema;
extern const Message kEndpointSliceSchema;
extern const Message kConfigMapSchema;
extern const Message kMeshConfigSchema;  // the text under ConfigMap istio's key "mesh"

// Istio: closed messages. Each but the first stands for `spec`.
extern const Message kIstioObjectSchema;  // apiVersion, kind, metadata, spec, status and no more
extern const Message kVirtualServiceSchema;
extern const Message kHttpRouteSchema;
extern const Message kStringMatchSchema;
extern const Message kDestinationSchema;
extern const Message kConnectionPoolSchema;
extern const Message kDestinationRuleSchema;
extern const Message kServerTlsSchema;
extern const Message kGatewaySchema;
extern const Message kServiceEntrySchema;
extern const Message kWorkloadEntrySchema;
extern const Message kSidecarSchema;
extern const Message kEnvoyFilterSchema;
extern const Message kTelemetrySchema;
extern const Message kWorkloadSelectorSchema;  // matchLabels
extern const Message kLabelSelectorSchema;     // labels
extern const Message kTargetRefSchema;
extern const Message kAuthorizationPolicySchema;
extern const Message kPeerAuthenticationSchema;
extern const Message kRequestAuthenticationSchema;

}  // namespace sm::config
