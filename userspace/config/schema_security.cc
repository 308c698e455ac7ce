// SPDX-License-Identifier: Apache-2.0
// The three security kinds and what they share with others: istio/api security/v1beta1,
// type/v1beta1, as their CRD schemas spell them.
#include "config/schema_fields.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the tables below

constexpr Field kSelectorFields[] = {at_most(4096, map(text("matchLabels")))};
constexpr Field kLabelSelectorFields[] = {at_most(256, map(text("labels")))};
constexpr std::string_view kTargets[] = {"selector", "targetRef", "targetRefs"};
constexpr Exclusive kTargetExclusive[] = {kTargets};
constexpr Field kTargetRefFields[] = {
    at_most(253, text("group")),
    at_least(1, at_most(63, required(text("kind")))),
    at_least(1, at_most(253, required(text("name")))),
    text("namespace"),
};
constexpr std::string_view kTargetNote = "select workloads by selector.matchLabels";

constexpr Field kSourceFields[] = {
    list(text("principals")),        list(text("notPrincipals")),
    list(text("requestPrincipals")), list(text("notRequestPrincipals")),
    list(text("namespaces")),        list(text("notNamespaces")),
    list(text("ipBlocks")),          list(text("notIpBlocks")),
    list(text("remoteIpBlocks")),    list(text("notRemoteIpBlocks")),
    list(text("serviceAccounts")),   list(text("notServiceAccounts")),
    list(text("trustDomains")),      list(text("notTrustDomains")),
};
constexpr std::string_view kAccountsOrPrincipals[] = {"serviceAccounts", "principals"};
constexpr std::string_view kAccountsOrNotPrincipals[] = {"serviceAccounts", "notPrincipals"};
constexpr std::string_view kAccountsOrNamespaces[] = {"serviceAccounts", "namespaces"};
constexpr std::string_view kAccountsOrNotNamespaces[] = {"serviceAccounts", "notNamespaces"};
constexpr std::string_view kNotAccountsOrPrincipals[] = {"notServiceAccounts", "principals"};
constexpr std::string_view kNotAccountsOrNotPrincipals[] = {"notServiceAccounts", "notPrincipals"};
constexpr std::string_view kNotAccountsOrNamespaces[] = {"notServiceAccounts", "namespaces"};
constexpr std::string_view kNotAccountsOrNotNamespaces[] = {"notServiceAccounts", "notNamespaces"};
constexpr Exclusive kSourceExclusive[] = {
    kAccountsOrPrincipals,    kAccountsOrNotPrincipals,    kAccountsOrNamespaces,
    kAccountsOrNotNamespaces, kNotAccountsOrPrincipals,    kNotAccountsOrNotPrincipals,
    kNotAccountsOrNamespaces, kNotAccountsOrNotNamespaces,
};
constexpr Message kSource = {"Source", kSourceFields, false, kSourceExclusive};
constexpr Field kFromFields[] = {message("source", kSource)};
constexpr Message kFrom = {"Rule.From", kFromFields};
constexpr Field kOperationFields[] = {
    list(text("hosts")),   list(text("notHosts")),   list(text("ports")), list(text("notPorts")),
    list(text("methods")), list(text("notMethods")), list(text("paths")), list(text("notPaths")),
};
constexpr Message kOperation = {"Operation", kOperationFields};
constexpr Field kToFields[] = {message("operation", kOperation)};
constexpr Message kTo = {"Rule.To", kToFields};
constexpr Field kConditionFields[] = {required(text("key")), list(text("values")),
                                      list(text("notValues"))};
constexpr Message kCondition = {"Condition", kConditionFields};
constexpr Field kRuleFields[] = {at_most(512, list(message("from", kFrom))),
                                 list(message("to", kTo)), list(message("when", kCondition))};
constexpr Message kRule = {"Rule", kRuleFields};
constexpr Field kProviderFields[] = {text("name")};
constexpr Message kProvider = {"ExtensionProvider", kProviderFields};
constexpr std::string_view kActions[] = {"ALLOW", "DENY", "AUDIT", "CUSTOM"};
constexpr Field kAuthorizationFields[] = {
    message("selector", kWorkloadSelectorSchema),
    refused(message("targetRef", kTargetRefSchema), kTargetNote),
    refused(at_most(16, list(message("targetRefs", kTargetRefSchema))), kTargetNote),
    at_most(512, list(message("rules", kRule))),
    one_of("action", kActions),
    message("provider", kProvider),
};

constexpr std::string_view kMtlsModes[] = {"UNSET", "DISABLE", "PERMISSIVE", "STRICT"};
constexpr Field kMtlsFields[] = {one_of("mode", kMtlsModes)};
constexpr Message kMtls = {"MutualTLS", kMtlsFields};
constexpr Field kPeerFields[] = {
    message("selector", kWorkloadSelectorSchema),
    message("mtls", kMtls),
    at_least(1, map(message("portLevelMtls", kMtls))),
};

constexpr Field kJwtHeaderFields[] = {at_least(1, required(text("name"))), text("prefix")};
constexpr Message kJwtHeader = {"JWTHeader", kJwtHeaderFields};
constexpr Field kClaimHeaderFields[] = {at_least(1, required(text("header"))),
                                        at_least(1, required(text("claim")))};
constexpr Message kClaimHeader = {"ClaimToHeader", kClaimHeaderFields};
constexpr std::string_view kPresences[] = {"OPTIONAL", "REQUIRED"};
constexpr Field kJwtRuleFields[] = {
    at_least(1, text("issuer")),
    list(text("audiences")),
    at_least(1, at_most(2048, text("jwksUri"))),
    text("jwks"),
    list(message("fromHeaders", kJwtHeader)),
    list(text("fromParams")),
    list(text("fromCookies")),
    text("outputPayloadToHeader"),
    flag("forwardOriginalToken"),
    list(message("outputClaimToHeaders", kClaimHeader)),
    duration("timeout"),
    at_most(64, list(text("spaceDelimitedClaims"))),
    one_of("presence", kPresences),
};
constexpr std::string_view kKeySources[] = {"jwks", "jwksUri"};
constexpr Exclusive kJwtRuleExclusive[] = {kKeySources};
constexpr Message kJwtRule = {"JWTRule", kJwtRuleFields, false, kJwtRuleExclusive};
constexpr Field kRequestFields[] = {
    message("selector", kWorkloadSelectorSchema),
    refused(message("targetRef", kTargetRefSchema), kTargetNote),
    refused(at_most(16, list(message("targetRefs", kTargetRefSchema))), kTargetNote),
    at_most(4096, list(message("jwtRules", kJwtRule))),
};

}  // namespace

constinit const Message kWorkloadSelectorSchema = {"WorkloadSelector", kSelectorFields};
constinit const Message kLabelSelectorSchema = {"WorkloadSelector", kLabelSelectorFields};
constinit const Message kTargetRefSchema = {"PolicyTargetReference", kTargetRefFields};
constinit const Message kAuthorizationPolicySchema = {"AuthorizationPolicy", kAuthorizationFields,
                                                      false, kTargetExclusive};
constinit const Message kPeerAuthenticationSchema = {"PeerAuthentication", kPeerFields};
constinit const Message kRequestAuthenticationSchema = {"RequestAuthentication", kRequestFields,
                                                        false, kTargetExclusive};

}  // namespace sm::config
