// SPDX-License-Identifier: Apache-2.0
// DestinationRule: istio/api networking/v1alpha3/destination_rule.proto, as its CRD schema spells
// it.
#include "config/schema_fields.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the tables below

constexpr Field kPortSelectorFields[] = {natural("number")};
constexpr Message kPortSelector = {"PortSelector", kPortSelectorFields};

constexpr Field kCookieAttributeFields[] = {required(text("name")), text("value")};
constexpr Message kCookieAttribute = {"HTTPCookie.Attribute", kCookieAttributeFields};
constexpr Field kCookieFields[] = {required(text("name")), text("path"), any_duration("ttl"),
                                   list(message("attributes", kCookieAttribute))};
constexpr Message kCookie = {"HTTPCookie", kCookieFields};
constexpr Field kRingHashFields[] = {natural("minimumRingSize")};
constexpr Message kRingHash = {"RingHash", kRingHashFields};
constexpr Field kMaglevFields[] = {natural("tableSize")};
constexpr Message kMaglev = {"MagLev", kMaglevFields};
constexpr Field kConsistentHashFields[] = {
    text("httpHeaderName"),         message("httpCookie", kCookie), flag("useSourceIp"),
    text("httpQueryParameterName"), message("ringHash", kRingHash), message("maglev", kMaglev),
    natural("minimumRingSize"),
};
constexpr std::string_view kHashKeys[] = {"httpHeaderName", "httpCookie", "useSourceIp",
                                          "httpQueryParameterName"};
constexpr std::string_view kHashAlgorithms[] = {"ringHash", "maglev"};
constexpr Exclusive kHashExclusive[] = {kHashKeys, kHashAlgorithms};
constexpr Message kConsistentHash = {"ConsistentHashLB", kConsistentHashFields, false,
                                     kHashExclusive};

constexpr Field kDistributeFields[] = {text("from"), map(natural("to"))};
constexpr Message kDistribute = {"LocalityLoadBalancerSetting.Distribute", kDistributeFields};
constexpr Field kFailoverFields[] = {text("from"), text("to")};
constexpr Message kFailover = {"LocalityLoadBalancerSetting.Failover", kFailoverFields};
constexpr Field kLocalityFields[] = {
    list(message("distribute", kDistribute)),
    list(message("failover", kFailover)),
    list(text("failoverPriority")),
    flag("enabled"),
};
constexpr Message kLocality = {"LocalityLoadBalancerSetting", kLocalityFields};
constexpr Field kZoneAwareFields[] = {
    list(message("failover", kFailover)),
    list(text("failoverPriority")),
    flag("enabled"),
    natural("minClusterSize"),
};
constexpr Message kZoneAware = {"ZoneAwareLoadBalancerSetting", kZoneAwareFields};
constexpr Field kUtilizationFields[] = {
    natural("errorUtilizationPenaltyPercent"), list(text("metricNamesForComputingUtilization")),
    any_duration("weightExpirationPeriod"),    any_duration("weightStabilizationPeriod"),
    any_duration("weightUpdatePeriod"),
};
constexpr Message kUtilization = {"BackendUtilization", kUtilizationFields};
constexpr Field kWarmupFields[] = {required(duration("duration")), number("minimumPercent"),
                                   number("aggression")};
constexpr Message kWarmup = {"WarmupConfiguration", kWarmupFields};

constexpr std::string_view kSimples[] = {"UNSPECIFIED", "LEAST_CONN",  "RANDOM",
                                         "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"};
constexpr std::string_view kBalancedAnyway = "requests are balanced by least request instead";
constexpr Field kLoadBalancerFields[] = {
    one_of("simple", kSimples),
    tuning(message("consistentHash", kConsistentHash), kBalancedAnyway),
    tuning(message("backendUtilization", kUtilization), kBalancedAnyway),
    tuning(message("localityLbSetting", kLocality), "all localities count as one"),
    tuning(message("zoneAwareLbSetting", kZoneAware), "all localities count as one"),
    tuning(duration("warmupDurationSecs"), "new endpoints get their full share at once"),
    tuning(message("warmup", kWarmup), "new endpoints get their full share at once"),
};
constexpr std::string_view kBalancers[] = {"simple", "consistentHash", "backendUtilization"};
constexpr Exclusive kBalancerExclusive[] = {kBalancers};
constexpr Message kLoadBalancer = {"LoadBalancerSettings", kLoadBalancerFields, false,
                                   kBalancerExclusive};

constexpr std::string_view kNoLimit = "no such limit is kept";
constexpr Field kKeepaliveFields[] = {natural("probes"), duration("time"), duration("interval")};
constexpr Message kKeepalive = {"TcpKeepalive", kKeepaliveFields};
constexpr Field kTcpPoolFields[] = {
    tuning(integer("maxConnections"), kNoLimit),
    duration("connectTimeout"),
    tuning(message("tcpKeepalive", kKeepalive), kNoLimit),
    tuning(duration("maxConnectionDuration"), kNoLimit),
    tuning(any_duration("idleTimeout"), "idle connections close after the built-in time"),
};
constexpr Message kTcpPool = {"ConnectionPoolSettings.TCPSettings", kTcpPoolFields};
constexpr std::string_view kUpgradePolicies[] = {"DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"};
constexpr Field kHttp2KeepaliveFields[] = {duration("interval"), duration("timeout")};
constexpr Message kHttp2Keepalive = {"HTTP2KeepAlive", kHttp2KeepaliveFields};
constexpr Field kHttpPoolFields[] = {
    tuning(integer("http1MaxPendingRequests"), kNoLimit),
    tuning(integer("http2MaxRequests"), kNoLimit),
    tuning(integer("maxRequestsPerConnection"), kNoLimit),
    tuning(integer("maxRetries"), kNoLimit),
    tuning(duration("idleTimeout"), "idle connections close after the built-in time"),
    tuning(one_of("h2UpgradePolicy", kUpgradePolicies), "upstream connections speak HTTP/1.1"),
    tuning(flag("useClientProtocol"), "upstream connections speak HTTP/1.1"),
    tuning(integer("maxConcurrentStreams"), kNoLimit),
    tuning(message("http2KeepAlive", kHttp2Keepalive), kNoLimit),
};
constexpr Message kHttpPool = {"ConnectionPoolSettings.HTTPSettings", kHttpPoolFields};
constexpr Field kConnectionPoolFields[] = {message("tcp", kTcpPool), message("http", kHttpPool)};

constexpr Field kOutlierFields[] = {
    deprecated(integer("consecutiveErrors"), "write consecutive5xxErrors"),
    flag("splitExternalLocalOriginErrors"),
    natural("consecutiveLocalOriginFailures"),
    natural("consecutiveGatewayErrors"),
    natural("consecutive5xxErrors"),
    duration("interval"),
    duration("baseEjectionTime"),
    integer("maxEjectionPercent"),
    integer("minHealthPercent"),
    list(natural("outlierDetectionHttpErrorCodes")),
};
constexpr Message kOutlier = {"OutlierDetection", kOutlierFields};

constexpr std::string_view kTlsModes[] = {"DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"};
constexpr Field kTlsFields[] = {
    one_of("mode", kTlsModes),
    text("clientCertificate"),
    text("privateKey"),
    text("caCertificates"),
    text("credentialName"),
    list(text("subjectAltNames")),
    text("sni"),
    flag("insecureSkipVerify"),
    text("caCrl"),
};
constexpr Message kTls = {"ClientTLSSettings", kTlsFields};

constexpr std::string_view kNoEjection = "no endpoint is ejected for its answers";
constexpr Field kPortPolicyFields[] = {
    message("port", kPortSelector),
    message("loadBalancer", kLoadBalancer),
    message("connectionPool", kConnectionPoolSchema),
    tuning(message("outlierDetection", kOutlier), kNoEjection),
    message("tls", kTls),
};
constexpr Message kPortPolicy = {"PortTrafficPolicy", kPortPolicyFields};

constexpr Field kTunnelFields[] = {text("protocol"), required(text("targetHost")),
                                   required(natural("targetPort"))};
constexpr Message kTunnel = {"TunnelSettings", kTunnelFields};
constexpr std::string_view kProxyVersions[] = {"V1", "V2"};
constexpr Field kProxyProtocolFields[] = {one_of("version", kProxyVersions)};
constexpr Message kProxyProtocol = {"ProxyProtocol", kProxyProtocolFields};
constexpr Field kRetryBudgetFields[] = {number("percent"), natural("minRetryConcurrency"),
                                        any_duration("budgetInterval")};
constexpr Message kRetryBudget = {"RetryBudget", kRetryBudgetFields};

constexpr Field kTrafficPolicyFields[] = {
    message("loadBalancer", kLoadBalancer),
    message("connectionPool", kConnectionPoolSchema),
    tuning(message("outlierDetection", kOutlier), kNoEjection),
    message("tls", kTls),
    at_most(4096, list(message("portLevelSettings", kPortPolicy))),
    refused(message("tunnel", kTunnel), "connections cannot be tunnelled"),
    refused(message("proxyProtocol", kProxyProtocol),
            "the server would miss the PROXY header that it expects"),
    tuning(message("retryBudget", kRetryBudget), kNoLimit),
};
constexpr Message kTrafficPolicy = {"TrafficPolicy", kTrafficPolicyFields};

constexpr Field kSubsetFields[] = {required(text("name")), map(text("labels")),
                                   message("trafficPolicy", kTrafficPolicy)};
constexpr Message kSubset = {"Subset", kSubsetFields};
constexpr Field kDestinationRuleFields[] = {
    required(text("host")),
    message("trafficPolicy", kTrafficPolicy),
    list(message("subsets", kSubset)),
    list(text("exportTo")),
    message("workloadSelector", kWorkloadSelectorSchema),
};

}  // namespace

constinit const Message kConnectionPoolSchema = {"ConnectionPoolSettings", kConnectionPoolFields};
constinit const Message kDestinationRuleSchema = {"DestinationRule", kDestinationRuleFields};

}  // namespace sm::config
