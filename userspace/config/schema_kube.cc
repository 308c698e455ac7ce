// SPDX-License-Identifier: Apache-2.0
#include "config/schema_fields.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the tables below

constexpr Field kMetadataFields[] = {
    text("name"), text("namespace"),         map(text("labels")),       map(text("annotations")),
    text("uid"),  text("creationTimestamp"), text("deletionTimestamp"), text("generateName"),
};
constexpr Message kMetadata = {"metadata", kMetadataFields, true};

constexpr Field kObjectFields[] = {text("apiVersion"), text("kind"),
                                   message("metadata", kMetadata)};

constexpr Field kIstioObjectFields[] = {
    text("apiVersion"),       text("kind"), message("metadata", kMetadata), any("spec"),
    no_effect(any("status")),
};

constexpr Field kServicePortFields[] = {
    text("name"), natural("port"), int_or_text("targetPort"), text("protocol"), text("appProtocol"),
};
constexpr Message kServicePort = {"ServicePort", kServicePortFields, true};
constexpr Field kServiceSpecFields[] = {
    text("type"),         text("clusterIP"),     list(text("clusterIPs")),
    text("externalName"), map(text("selector")), list(message("ports", kServicePort)),
};
constexpr Message kServiceSpec = {"Service", kServiceSpecFields, true};
constexpr Field kServiceFields[] = {message("metadata", kMetadata), message("spec", kServiceSpec)};

constexpr Field kContainerPortFields[] = {text("name"), natural("containerPort"), text("protocol")};
constexpr Message kContainerPort = {"ContainerPort", kContainerPortFields, true};
constexpr Field kContainerFields[] = {list(message("ports", kContainerPort)),
                                      text("restartPolicy")};
constexpr Message kContainer = {"Container", kContainerFields, true};
constexpr Field kPodSpecFields[] = {
    text("nodeName"),
    text("serviceAccountName"),
    text("serviceAccount"),
    flag("hostNetwork"),
    list(message("containers", kContainer)),
    list(message("initContainers", kContainer)),
};
constexpr Message kPodSpec = {"PodSpec", kPodSpecFields, true};
constexpr Field kPodIpFields[] = {text("ip")};
constexpr Message kPodIp = {"PodIP", kPodIpFields, true};
constexpr Field kConditionFields[] = {text("type"), text("status")};
constexpr Message kCondition = {"PodCondition", kConditionFields, true};
constexpr Field kPodStatusFields[] = {
    text("podIP"),
    list(message("podIPs", kPodIp)),
    text("phase"),
    list(message("conditions", kCondition)),
};
constexpr Message kPodStatus = {"PodStatus", kPodStatusFields, true};
constexpr Field kPodFields[] = {
    message("metadata", kMetadata),
    message("spec", kPodSpec),
    message("status", kPodStatus),
};

constexpr Field kEndpointPortFields[] = {text("name"), natural("port"), text("protocol"),
                                         text("appProtocol")};
constexpr Message kEndpointPort = {"EndpointPort", kEndpointPortFields, true};
constexpr Field kTargetRefFields[] = {text("kind"), text("name"), text("namespace")};
constexpr Message kTargetRef = {"ObjectReference", kTargetRefFields, true};
constexpr Field kEndpointAddressFields[] = {text("ip"), message("targetRef", kTargetRef)};
constexpr Message kEndpointAddress = {"EndpointAddress", kEndpointAddressFields, true};
constexpr Field kEndpointSubsetFields[] = {
    list(message("addresses", kEndpointAddress)),
    list(message("notReadyAddresses", kEndpointAddress)),
    list(message("ports", kEndpointPort)),
};
constexpr Message kEndpointSubset = {"EndpointSubset", kEndpointSubsetFields, true};
constexpr Field kEndpointsFields[] = {message("metadata", kMetadata),
                                      list(message("subsets", kEndpointSubset))};

constexpr Field kSliceConditionsFields[] = {flag("ready"), flag("serving"), flag("terminating")};
constexpr Message kSliceConditions = {"EndpointConditions", kSliceConditionsFields, true};
constexpr Field kSliceEndpointFields[] = {
    list(text("addresses")),
    message("conditions", kSliceConditions),
    message("targetRef", kTargetRef),
};
constexpr Message kSliceEndpoint = {"Endpoint", kSliceEndpointFields, true};
constexpr Field kEndpointSliceFields[] = {
    message("metadata", kMetadata),
    text("addressType"),
    list(message("endpoints", kSliceEndpoint)),
    list(message("ports", kEndpointPort)),
};

constexpr Field kConfigMapFields[] = {message("metadata", kMetadata), map(text("data"))};

constexpr std::string_view kOutboundModes[] = {"ALLOW_ANY", "REGISTRY_ONLY"};
constexpr Field kOutboundFields[] = {one_of("mode", kOutboundModes)};
constexpr Message kOutbound = {"outboundTrafficPolicy", kOutboundFields, true};
constexpr std::string_view kNormalizations[] = {"DEFAULT", "NONE", "BASE", "MERGE_SLASHES",
                                                "DECODE_AND_MERGE_SLASHES"};
constexpr Field kNormalizationFields[] = {one_of("normalization", kNormalizations)};
constexpr Message kNormalization = {"pathNormalization", kNormalizationFields, false};
constexpr std::string_view kLogEncodings[] = {"TEXT", "JSON"};
constexpr Field kMeshConfigFields[] = {
    text("rootNamespace"),
    text("trustDomain"),
    text("accessLogFile"),
    text("accessLogFormat"),
    one_of("accessLogEncoding", kLogEncodings),
    message("outboundTrafficPolicy", kOutbound),
    message("pathNormalization", kNormalization),
};

}  // namespace

constinit const Message kObjectSchema = {"object", kObjectFields, true};
constinit const Message kIstioObjectSchema = {"object", kIstioObjectFields};
constinit const Message kMetadataSchema = kMetadata;
constinit const Message kServiceSchema = {"Service", kServiceFields, true};
constinit const Message kPodSchema = {"Pod", kPodFields, true};
constinit const Message kEndpointsSchema = {"Endpoints", kEndpointsFields, true};
constinit const Message kEndpointSliceSchema = {"EndpointSlice", kEndpointSliceFields, true};
constinit const Message kConfigMapSchema = {"ConfigMap", kConfigMapFields, true};
constinit const Message kMeshConfigSchema = {"MeshConfig", kMeshConfigFields, true};

}  // namespace sm::config
