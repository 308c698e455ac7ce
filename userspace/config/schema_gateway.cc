// SPDX-License-Identifier: Apache-2.0
// Gateway and the three security kinds: istio/api networking/v1alpha3/gateway.proto,
// security/v1beta1, type/v1beta1.
#include "config/schema_fields.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the tables below

constexpr Field kPortFields[] = {natural("number"), text("protocol"), text("name"),
                                 deprecated(natural("targetPort"), "remove it")};
constexpr Message kPort = {"Port", kPortFields};

constexpr std::string_view kTlsModes[] = {"PASSTHROUGH",      "SIMPLE",       "MUTUAL",
                                          "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"};
constexpr std::string_view kTlsVersions[] = {"TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2",
                                             "TLSV1_3"};
constexpr Field kCertificateFields[] = {text("serverCertificate"), text("privateKey"),
                                        text("caCertificates")};
constexpr Message kCertificate = {"TLSCertificate", kCertificateFields};
constexpr Field kServerTlsFields[] = {
    flag("httpsRedirect"),
    one_of("mode", kTlsModes),
    text("serverCertificate"),
    text("privateKey"),
    text("caCertificates"),
    text("caCrl"),
    text("credentialName"),
    list(text("credentialNames")),
    text("caCertCredentialName"),
    list(message("tlsCertificates", kCertificate)),
    list(text("subjectAltNames")),
    list(text("verifyCertificateSpki")),
    list(text("verifyCertificateHash")),
    one_of("minProtocolVersion", kTlsVersions),
    one_of("maxProtocolVersion", kTlsVersions),
    list(text("cipherSuites")),
};
constexpr Message kServerTls = {"ServerTLSSettings", kServerTlsFields};

constexpr Field kServerFields[] = {
    message("port", kPort),
    refused(text("bind"), "remove bind; the port is opened on every address of the gateway pod"),
    list(text("hosts")),
    refused(message("tls", kServerTls), "serve this port as plain HTTP, or leave it out"),
    deprecated(text("defaultEndpoint"), "remove it"),
    no_effect(text("name")),
};
constexpr Message kServer = {"Server", kServerFields};

constexpr Field kGatewayFields[] = {map(text("selector")), list(message("servers", kServer))};

constexpr Field kSelectorFields[] = {map(text("matchLabels"))};
constexpr Message kSelector = {"WorkloadSelector", kSelectorFields};
constexpr Field kTargetRefFields[] = {text("group"), text("kind"), text("name"), text("namespace")};
constexpr Message kTargetRef = {"PolicyTargetReference", kTargetRefFields};
constexpr std::string_view kTargetNote = "select workloads by selector.matchLabels";

constexpr Field kSourceFields[] = {
    list(text("principals")),        list(text("notPrincipals")),
    list(text("requestPrincipals")), list(text("notRequestPrincipals")),
    list(text("namespaces")),        list(text("notNamespaces")),
    list(text("ipBlocks")),          list(text("notIpBlocks")),
    list(text("remoteIpBlocks")),    list(text("notRemoteIpBlocks")),
    list(text("serviceAccounts")),   list(text("notServiceAccounts")),
};
constexpr Message kSource = {"Source", kSourceFields};
constexpr Field kFromFields[] = {message("source", kSource)};
constexpr Message kFrom = {"Rule.From", kFromFields};
constexpr Field kOperationFields[] = {
    list(text("hosts")),   list(text("notHosts")),   list(text("ports")), list(text("notPorts")),
    list(text("methods")), list(text("notMethods")), list(text("paths")), list(text("notPaths")),
};
constexpr Message kOperation = {"Operation", kOperationFields};
constexpr Field kToFields[] = {message("operation", kOperation)};
constexpr Message kTo = {"Rule.To", kToFields};
constexpr Field kConditionFields[] = {text("key"), list(text("values")), list(text("notValues"))};
constexpr Message kCondition = {"Condition", kConditionFields};
constexpr Field kRuleFields[] = {list(message("from", kFrom)), list(message("to", kTo)),
                                 list(message("when", kCondition))};
constexpr Message kRule = {"Rule", kRuleFields};
constexpr Field kProviderFields[] = {text("name")};
constexpr Message kProvider = {"ExtensionProvider", kProviderFields};
constexpr std::string_view kActions[] = {"ALLOW", "DENY", "AUDIT", "CUSTOM"};
constexpr Field kAuthorizationFields[] = {
    message("selector", kSelector),
    refused(message("targetRef", kTargetRef), kTargetNote),
    refused(list(message("targetRefs", kTargetRef)), kTargetNote),
    list(message("rules", kRule)),
    one_of("action", kActions),
    message("provider", kProvider),
};

constexpr std::string_view kMtlsModes[] = {"UNSET", "DISABLE", "PERMISSIVE", "STRICT"};
constexpr Field kMtlsFields[] = {one_of("mode", kMtlsModes)};
constexpr Message kMtls = {"MutualTLS", kMtlsFields};
constexpr Field kPeerFields[] = {
    message("selector", kSelector),
    message("mtls", kMtls),
    map(message("portLevelMtls", kMtls)),
};

constexpr Field kJwtHeaderFields[] = {text("name"), text("prefix")};
constexpr Message kJwtHeader = {"JWTHeader", kJwtHeaderFields};
constexpr Field kClaimHeaderFields[] = {text("header"), text("claim")};
constexpr Message kClaimHeader = {"ClaimToHeader", kClaimHeaderFields};
constexpr Field kJwtRuleFields[] = {
    text("issuer"),
    list(text("audiences")),
    text("jwksUri"),
    text("jwks"),
    list(message("fromHeaders", kJwtHeader)),
    list(text("fromParams")),
    list(text("fromCookies")),
    text("outputPayloadToHeader"),
    flag("forwardOriginalToken"),
    list(message("outputClaimToHeaders", kClaimHeader)),
    duration("timeout"),
    list(text("spaceDelimitedClaims")),
};
constexpr Message kJwtRule = {"JWTRule", kJwtRuleFields};
constexpr Field kRequestFields[] = {
    message("selector", kSelector),
    refused(message("targetRef", kTargetRef), kTargetNote),
    refused(list(message("targetRefs", kTargetRef)), kTargetNote),
    list(message("jwtRules", kJwtRule)),
};

}  // namespace

constinit const Message kGatewaySchema = {"Gateway", kGatewayFields};
constinit const Message kAuthorizationPolicySchema = {"AuthorizationPolicy", kAuthorizationFields};
constinit const Message kPeerAuthenticationSchema = {"PeerAuthentication", kPeerFields};
constinit const Message kRequestAuthenticationSchema = {"RequestAuthentication", kRequestFields};

}  // namespace sm::config
