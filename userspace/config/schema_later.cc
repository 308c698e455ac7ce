// SPDX-License-Identifier: Apache-2.0
// Kinds that are judged and analysed, and that this version does not apply: ServiceEntry,
// WorkloadEntry, Sidecar, Telemetry, EnvoyFilter, as their CRD schemas spell them.
#include "config/schema_fields.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the tables below

constexpr std::string_view kTargets[] = {"selector", "targetRef", "targetRefs"};
constexpr Exclusive kTargetExclusive[] = {kTargets};

constexpr Field kWorkloadEntryFields[] = {
    at_most(256, text("address")),        at_most(128, map(natural("ports"))),
    at_most(256, map(text("labels"))),    at_most(2048, text("network")),
    at_most(2048, text("locality")),      natural("weight"),
    at_most(253, text("serviceAccount")),
};

constexpr Field kServicePortFields[] = {
    required(natural("number")),
    at_most(256, text("protocol")),
    at_most(256, required(text("name"))),
    natural("targetPort"),
};
constexpr Message kServicePort = {"ServicePort", kServicePortFields};
constexpr std::string_view kLocations[] = {"MESH_EXTERNAL", "MESH_INTERNAL"};
constexpr std::string_view kResolutions[] = {"NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN",
                                             "DYNAMIC_DNS"};
constexpr Field kServiceEntryFields[] = {
    at_least(1, at_most(256, required(list(text("hosts"))))),
    at_most(256, list(text("addresses"))),
    at_most(256, list(message("ports", kServicePort))),
    one_of("location", kLocations),
    one_of("resolution", kResolutions),
    at_most(4096, list(message("endpoints", kWorkloadEntrySchema))),
    message("workloadSelector", kLabelSelectorSchema),
    list(text("exportTo")),
    list(text("subjectAltNames")),
};
constexpr std::string_view kEndpointSources[] = {"workloadSelector", "endpoints"};
constexpr Exclusive kServiceEntryExclusive[] = {kEndpointSources};

constexpr Field kSidecarPortFields[] = {natural("number"), text("protocol"), text("name"),
                                        natural("targetPort")};
constexpr Message kSidecarPort = {"SidecarPort", kSidecarPortFields};
constexpr std::string_view kCaptureModes[] = {"DEFAULT", "IPTABLES", "NONE"};
constexpr Field kIngressFields[] = {
    required(message("port", kSidecarPort)), text("bind"),
    one_of("captureMode", kCaptureModes),    text("defaultEndpoint"),
    message("tls", kServerTlsSchema),        message("connectionPool", kConnectionPoolSchema),
};
constexpr Message kIngress = {"IstioIngressListener", kIngressFields};
constexpr Field kEgressFields[] = {
    message("port", kSidecarPort),
    text("bind"),
    one_of("captureMode", kCaptureModes),
    required(list(text("hosts"))),
};
constexpr Message kEgress = {"IstioEgressListener", kEgressFields};
constexpr std::string_view kOutboundModes[] = {"REGISTRY_ONLY", "ALLOW_ANY"};
constexpr Field kOutboundFields[] = {
    one_of("mode", kOutboundModes),
    deprecated(message("egressProxy", kDestinationSchema), "remove it")};
constexpr Message kOutbound = {"OutboundTrafficPolicy", kOutboundFields};
constexpr Field kSidecarFields[] = {
    message("workloadSelector", kLabelSelectorSchema),
    list(message("ingress", kIngress)),
    list(message("egress", kEgress)),
    message("outboundTrafficPolicy", kOutbound),
    message("inboundConnectionPool", kConnectionPoolSchema),
};

constexpr std::string_view kModes[] = {"CLIENT_AND_SERVER", "CLIENT", "SERVER"};
constexpr Field kModeFields[] = {one_of("mode", kModes)};
constexpr Message kMode = {"Match", kModeFields};
constexpr Field kProviderFields[] = {at_least(1, required(text("name")))};
constexpr Message kProvider = {"ProviderRef", kProviderFields};
constexpr Field kFilterFields[] = {text("expression")};
constexpr Message kFilter = {"Filter", kFilterFields};
constexpr Field kLoggingFields[] = {
    message("match", kMode),
    list(message("providers", kProvider)),
    flag("disabled"),
    message("filter", kFilter),
};
constexpr Message kLogging = {"AccessLogging", kLoggingFields};
constexpr std::string_view kMetricNames[] = {
    "ALL_METRICS",        "REQUEST_COUNT",          "REQUEST_DURATION",       "REQUEST_SIZE",
    "RESPONSE_SIZE",      "TCP_OPENED_CONNECTIONS", "TCP_CLOSED_CONNECTIONS", "TCP_SENT_BYTES",
    "TCP_RECEIVED_BYTES", "GRPC_REQUEST_MESSAGES",  "GRPC_RESPONSE_MESSAGES",
};
constexpr Field kMetricMatchFields[] = {one_of("metric", kMetricNames),
                                        at_least(1, text("customMetric")), one_of("mode", kModes)};
constexpr std::string_view kMetricKinds[] = {"metric", "customMetric"};
constexpr Exclusive kMetricExclusive[] = {kMetricKinds};
constexpr Message kMetricMatch = {"MetricSelector", kMetricMatchFields, false, kMetricExclusive};
constexpr std::string_view kTagOperations[] = {"UPSERT", "REMOVE"};
constexpr Field kTagOverrideFields[] = {one_of("operation", kTagOperations), text("value")};
constexpr Message kTagOverride = {"TagOverride", kTagOverrideFields};
constexpr Field kOverrideFields[] = {message("match", kMetricMatch), flag("disabled"),
                                     map(message("tagOverrides", kTagOverride))};
constexpr Message kOverride = {"MetricsOverrides", kOverrideFields};
constexpr Field kMetricsFields[] = {list(message("providers", kProvider)),
                                    list(message("overrides", kOverride)),
                                    duration("reportingInterval")};
constexpr Message kMetrics = {"Metrics", kMetricsFields};
constexpr Field kTagSourceFields[] = {at_least(1, required(text("name"))), text("defaultValue")};
constexpr Message kTagSource = {"CustomTag", kTagSourceFields};
constexpr Field kTagValueFields[] = {at_least(1, required(text("value")))};
constexpr Message kTagValue = {"CustomTag", kTagValueFields};
constexpr Field kTagFields[] = {message("literal", kTagValue), message("environment", kTagSource),
                                message("header", kTagSource), message("formatter", kTagValue)};
constexpr std::string_view kTagKinds[] = {"literal", "environment", "header", "formatter"};
constexpr Exclusive kTagExclusive[] = {kTagKinds};
constexpr Message kTag = {"CustomTag", kTagFields, false, kTagExclusive};
constexpr Field kTracingFields[] = {
    message("match", kMode),
    list(message("providers", kProvider)),
    number("randomSamplingPercentage"),
    flag("disableSpanReporting"),
    flag("disableContextPropagation"),
    flag("enableIstioTags"),
    flag("useRequestIdForTraceSampling"),
    map(message("customTags", kTag)),
};
constexpr Message kTracing = {"Tracing", kTracingFields};
constexpr Field kTelemetryFields[] = {
    message("selector", kWorkloadSelectorSchema),
    message("targetRef", kTargetRefSchema),
    at_most(16, list(message("targetRefs", kTargetRefSchema))),
    list(message("metrics", kMetrics)),
    list(message("tracing", kTracing)),
    list(message("accessLogging", kLogging)),
};

}  // namespace

constinit const Message kWorkloadEntrySchema = {"WorkloadEntry", kWorkloadEntryFields};
constinit const Message kServiceEntrySchema = {"ServiceEntry", kServiceEntryFields, false,
                                               kServiceEntryExclusive};
constinit const Message kSidecarSchema = {"Sidecar", kSidecarFields};
constinit const Message kTelemetrySchema = {"Telemetry", kTelemetryFields, false, kTargetExclusive};

}  // namespace sm::config
