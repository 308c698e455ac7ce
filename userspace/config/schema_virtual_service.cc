// SPDX-License-Identifier: Apache-2.0
// VirtualService: istio/api networking/v1alpha3/virtual_service.proto, as its CRD schema spells it.
#include "config/schema_fields.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the tables below

constexpr Field kPercentFields[] = {number("value")};
constexpr Message kPercent = {"Percent", kPercentFields};

constexpr Field kStringMatchFields[] = {text("exact"), text("prefix"), text("regex")};
constexpr std::string_view kStringMatches[] = {"exact", "prefix", "regex"};
constexpr Exclusive kStringMatchExclusive[] = {kStringMatches};

constexpr Field kPortSelectorFields[] = {natural("number")};
constexpr Message kPortSelector = {"PortSelector", kPortSelectorFields};
constexpr Field kDestinationFields[] = {required(text("host")), text("subset"),
                                        message("port", kPortSelector)};

constexpr Field kHeaderOperationFields[] = {map(text("set")), map(text("add")),
                                            list(text("remove"))};
constexpr Message kHeaderOperations = {"HeaderOperations", kHeaderOperationFields};
constexpr Field kHeadersFields[] = {message("request", kHeaderOperations),
                                    message("response", kHeaderOperations)};
constexpr Message kHeaders = {"Headers", kHeadersFields};

constexpr Field kRouteDestinationFields[] = {
    required(message("destination", kDestinationSchema)),
    integer("weight"),
    message("headers", kHeaders),
};
constexpr Message kRouteDestination = {"HTTPRouteDestination", kRouteDestinationFields};

constexpr Field kMatchFields[] = {
    text("name"),
    message("uri", kStringMatchSchema),
    message("scheme", kStringMatchSchema),
    message("method", kStringMatchSchema),
    message("authority", kStringMatchSchema),
    map(message("headers", kStringMatchSchema)),
    map(message("withoutHeaders", kStringMatchSchema)),
    map(message("queryParams", kStringMatchSchema)),
    flag("ignoreUriCase"),
    natural("port"),
    map(text("sourceLabels")),
    text("sourceNamespace"),
    list(text("gateways")),
    no_effect(text("statPrefix")),
};
constexpr Message kMatch = {"HTTPMatchRequest", kMatchFields};

constexpr std::string_view kDerivePorts[] = {"FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"};
constexpr Field kRedirectFields[] = {
    text("uri"),
    text("authority"),
    natural("port"),
    one_of("derivePort", kDerivePorts),
    text("scheme"),
    text("prefixRewrite"),
    natural("redirectCode"),
};
constexpr std::string_view kRedirectPorts[] = {"port", "derivePort"};
constexpr Exclusive kRedirectExclusive[] = {kRedirectPorts};
constexpr Message kRedirect = {"HTTPRedirect", kRedirectFields, false, kRedirectExclusive};

constexpr Field kBodyFields[] = {text("string"), text("bytes")};
constexpr std::string_view kBodies[] = {"string", "bytes"};
constexpr Exclusive kBodyExclusive[] = {kBodies};
constexpr Message kBody = {"HTTPBody", kBodyFields, false, kBodyExclusive};
constexpr Field kDirectResponseFields[] = {required(natural("status")), message("body", kBody)};
constexpr Message kDirectResponse = {"HTTPDirectResponse", kDirectResponseFields};

constexpr Field kRegexRewriteFields[] = {text("match"), text("rewrite")};
constexpr Message kRegexRewrite = {"RegexRewrite", kRegexRewriteFields};
constexpr Field kRewriteFields[] = {text("uri"), text("authority"),
                                    message("uriRegexRewrite", kRegexRewrite)};
constexpr Message kRewrite = {"HTTPRewrite", kRewriteFields};

constexpr Field kMirrorFields[] = {required(message("destination", kDestinationSchema)),
                                   message("percentage", kPercent)};
constexpr Message kMirror = {"HTTPMirrorPolicy", kMirrorFields};

constexpr Field kDelegateFields[] = {text("name"), text("namespace")};
constexpr Message kDelegate = {"Delegate", kDelegateFields};

constexpr Field kRetryFields[] = {
    integer("attempts"),           duration("perTryTimeout"),        text("retryOn"),
    flag("retryRemoteLocalities"), flag("retryIgnorePreviousHosts"), duration("backoff"),
};
constexpr Message kRetry = {"HTTPRetry", kRetryFields};

constexpr Field kDelayFields[] = {
    integer("percent"),
    duration("fixedDelay"),
    duration("exponentialDelay"),
    message("percentage", kPercent),
};
constexpr std::string_view kDelays[] = {"fixedDelay", "exponentialDelay"};
constexpr Exclusive kDelayExclusive[] = {kDelays};
constexpr Message kDelay = {"HTTPFaultInjection.Delay", kDelayFields, false, kDelayExclusive};
constexpr Field kAbortFields[] = {
    integer("httpStatus"),
    text("grpcStatus"),
    text("http2Error"),
    message("percentage", kPercent),
};
constexpr std::string_view kAborts[] = {"httpStatus", "grpcStatus", "http2Error"};
constexpr Exclusive kAbortExclusive[] = {kAborts};
constexpr Message kAbort = {"HTTPFaultInjection.Abort", kAbortFields, false, kAbortExclusive};
constexpr Field kFaultFields[] = {message("delay", kDelay), message("abort", kAbort)};
constexpr Message kFault = {"HTTPFaultInjection", kFaultFields};

constexpr std::string_view kPreflights[] = {"UNSPECIFIED", "FORWARD", "IGNORE"};
constexpr Field kCorsFields[] = {
    list(text("allowOrigin")),   list(message("allowOrigins", kStringMatchSchema)),
    list(text("allowMethods")),  list(text("allowHeaders")),
    list(text("exposeHeaders")), duration("maxAge"),
    flag("allowCredentials"),    one_of("unmatchedPreflights", kPreflights),
};
constexpr Message kCors = {"CorsPolicy", kCorsFields};

constexpr std::string_view kRoutesAnyway = "the route is served without it";

constexpr Field kHttpRouteFields[] = {
    text("name"),
    list(message("match", kMatch)),
    list(message("route", kRouteDestination)),
    message("redirect", kRedirect),
    message("directResponse", kDirectResponse),
    refused(message("delegate", kDelegate), "write the delegate's routes into this VirtualService"),
    message("rewrite", kRewrite),
    tuning(duration("timeout"), kRoutesAnyway),
    tuning(message("retries", kRetry), kRoutesAnyway),
    refused(message("fault", kFault),
            "remove fault; the document waits for a version that injects faults"),
    message("mirror", kDestinationSchema),
    list(message("mirrors", kMirror)),
    natural("mirrorPercent"),
    message("mirrorPercentage", kPercent),
    tuning(message("corsPolicy", kCors), "the application has to answer preflights itself"),
    message("headers", kHeaders),
};

constexpr Field kL4DestinationFields[] = {required(message("destination", kDestinationSchema)),
                                          integer("weight")};
constexpr Message kL4Destination = {"RouteDestination", kL4DestinationFields};
constexpr Field kTlsMatchFields[] = {
    required(list(text("sniHosts"))), list(text("destinationSubnets")), natural("port"),
    map(text("sourceLabels")),        list(text("gateways")),           text("sourceNamespace"),
};
constexpr Message kTlsMatch = {"TLSMatchAttributes", kTlsMatchFields};
constexpr Field kTlsRouteFields[] = {required(list(message("match", kTlsMatch))),
                                     list(message("route", kL4Destination))};
constexpr Message kTlsRoute = {"TLSRoute", kTlsRouteFields};
constexpr Field kTcpMatchFields[] = {
    list(text("destinationSubnets")), natural("port"),        text("sourceSubnet"),
    map(text("sourceLabels")),        list(text("gateways")), text("sourceNamespace"),
};
constexpr Message kTcpMatch = {"L4MatchAttributes", kTcpMatchFields};
constexpr Field kTcpRouteFields[] = {list(message("match", kTcpMatch)),
                                     list(message("route", kL4Destination))};
constexpr Message kTcpRoute = {"TCPRoute", kTcpRouteFields};

constexpr std::string_view kL4Note =
    "keep http routes only; TCP and TLS go to the Service that was dialled";

constexpr Field kVirtualServiceFields[] = {
    list(text("hosts")),
    list(text("gateways")),
    list(message("http", kHttpRouteSchema)),
    refused(list(message("tls", kTlsRoute)), kL4Note),
    refused(list(message("tcp", kTcpRoute)), kL4Note),
    list(text("exportTo")),
};

}  // namespace

constinit const Message kStringMatchSchema = {"StringMatch", kStringMatchFields, false,
                                              kStringMatchExclusive};
constinit const Message kDestinationSchema = {"Destination", kDestinationFields};
constinit const Message kHttpRouteSchema = {"HTTPRoute", kHttpRouteFields};
constinit const Message kVirtualServiceSchema = {"VirtualService", kVirtualServiceFields};

}  // namespace sm::config
