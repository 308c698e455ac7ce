// SPDX-License-Identifier: Apache-2.0
// EnvoyFilter: istio/api networking/v1alpha3/envoy_filter.proto, as its CRD schema spells it. What
// a patch puts in is Envoy's own configuration and free form.
#include "config/schema_fields.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the tables below

constexpr Field kProxyFields[] = {text("proxyVersion"), map(text("metadata"))};
constexpr Message kProxy = {"ProxyMatch", kProxyFields};
constexpr Field kSubFilterFields[] = {text("name")};
constexpr Message kSubFilter = {"SubFilterMatch", kSubFilterFields};
constexpr Field kFilterFields[] = {text("name"), message("subFilter", kSubFilter)};
constexpr Message kFilter = {"FilterMatch", kFilterFields};
constexpr Field kChainFields[] = {
    text("name"),
    text("sni"),
    text("transportProtocol"),
    text("transportSocket"),
    text("applicationProtocols"),
    message("filter", kFilter),
    natural("destinationPort"),
};
constexpr Message kChain = {"FilterChainMatch", kChainFields};
constexpr Field kListenerFields[] = {natural("portNumber"), text("portName"),
                                     message("filterChain", kChain), text("listenerFilter"),
                                     text("name")};
constexpr Message kListener = {"ListenerMatch", kListenerFields};
constexpr std::string_view kRouteActions[] = {"ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE"};
constexpr Field kRouteFields[] = {text("name"), one_of("action", kRouteActions)};
constexpr Message kRoute = {"RouteMatch", kRouteFields};
constexpr Field kVhostFields[] = {text("name"), text("domainName"), message("route", kRoute)};
constexpr Message kVhost = {"VirtualHostMatch", kVhostFields};
constexpr Field kRouteConfigurationFields[] = {natural("portNumber"), text("portName"),
                                               text("gateway"), message("vhost", kVhost),
                                               text("name")};
constexpr Message kRouteConfiguration = {"RouteConfigurationMatch", kRouteConfigurationFields};
constexpr Field kClusterFields[] = {natural("portNumber"), text("service"), text("subset"),
                                    text("name")};
constexpr Message kCluster = {"ClusterMatch", kClusterFields};
constexpr Field kWaypointRouteFields[] = {text("name")};
constexpr Message kWaypointRoute = {"WaypointMatch.RouteMatch", kWaypointRouteFields};
constexpr Field kWaypointFields[] = {natural("portNumber"), message("filter", kFilter),
                                     message("route", kWaypointRoute)};
constexpr Message kWaypoint = {"WaypointMatch", kWaypointFields};
constexpr std::string_view kContexts[] = {"ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY",
                                          "WAYPOINT"};
constexpr Field kMatchFields[] = {
    one_of("context", kContexts),   message("proxy", kProxy),
    message("listener", kListener), message("routeConfiguration", kRouteConfiguration),
    message("cluster", kCluster),   message("waypoint", kWaypoint),
};
constexpr std::string_view kObjects[] = {"listener", "routeConfiguration", "cluster", "waypoint"};
constexpr Exclusive kMatchExclusive[] = {kObjects};
constexpr Message kMatch = {"EnvoyConfigObjectMatch", kMatchFields, false, kMatchExclusive};

constexpr std::string_view kOperations[] = {
    "INVALID",      "MERGE",         "ADD",
    "REMOVE",       "INSERT_BEFORE", "INSERT_AFTER",
    "INSERT_FIRST", "REPLACE",       "MERGE_AND_REPLACE_LIST"};
constexpr std::string_view kFilterClasses[] = {"UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"};
constexpr Field kPatchFields[] = {one_of("operation", kOperations), any("value"),
                                  one_of("filterClass", kFilterClasses)};
constexpr Message kPatch = {"Patch", kPatchFields};
constexpr std::string_view kApplyTo[] = {"INVALID",          "LISTENER",    "FILTER_CHAIN",
                                         "NETWORK_FILTER",   "HTTP_FILTER", "ROUTE_CONFIGURATION",
                                         "VIRTUAL_HOST",     "HTTP_ROUTE",  "CLUSTER",
                                         "EXTENSION_CONFIG", "BOOTSTRAP",   "LISTENER_FILTER"};
constexpr Field kConfigPatchFields[] = {one_of("applyTo", kApplyTo), message("match", kMatch),
                                        message("patch", kPatch)};
constexpr Message kConfigPatch = {"EnvoyConfigObjectPatch", kConfigPatchFields};

constexpr Field kEnvoyFilterFields[] = {
    message("workloadSelector", kLabelSelectorSchema),
    at_most(16, list(message("targetRefs", kTargetRefSchema))),
    list(message("configPatches", kConfigPatch)),
    integer("priority"),
};
constexpr std::string_view kSelectors[] = {"workloadSelector", "targetRefs"};
constexpr Exclusive kEnvoyFilterExclusive[] = {kSelectors};

}  // namespace

constinit const Message kEnvoyFilterSchema = {"EnvoyFilter", kEnvoyFilterFields, false,
                                              kEnvoyFilterExclusive};

}  // namespace sm::config
