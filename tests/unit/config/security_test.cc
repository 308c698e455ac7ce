// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "judge.h"

namespace sm::config {
namespace {

TEST_CASE("config: a security policy is harmless only when it can refuse nobody") {
  struct Row {
    const char* kind;
    const char* spec;
    bool allows_everything;
  };
  const Row rows[] = {
      {"AuthorizationPolicy", "  {}\n", false},
      {"AuthorizationPolicy", "  rules: [{}]\n", true},
      {"AuthorizationPolicy", "  action: ALLOW\n  rules: [{to: [{operation: {paths: [/a]}}]}]\n",
       false},
      {"AuthorizationPolicy",
       "  action: ALLOW\n  rules: [{to: [{operation: {paths: [/a]}}]}, {}]\n", true},
      {"AuthorizationPolicy", "  action: DENY\n  rules: [{}]\n", false},
      {"AuthorizationPolicy", "  action: DENY\n  rules: [{to: [{operation: {paths: [/a]}}]}]\n",
       false},
      {"AuthorizationPolicy", "  action: AUDIT\n  rules: [{}]\n", true},
      {"AuthorizationPolicy", "  action: CUSTOM\n  provider: {name: p}\n  rules: [{}]\n", false},
      {"PeerAuthentication", "  mtls: {mode: STRICT}\n", false},
      {"PeerAuthentication", "  mtls: {mode: PERMISSIVE}\n", true},
      {"PeerAuthentication", "  mtls: {mode: DISABLE}\n", true},
      {"PeerAuthentication", "  mtls: {}\n", true},
      {"PeerAuthentication",
       "  selector: {matchLabels: {a: b}}\n  portLevelMtls: {8080: {mode: STRICT}}\n", false},
      {"RequestAuthentication", "  jwtRules: [{issuer: i, jwksUri: \"https://x/\"}]\n", false},
      {"RequestAuthentication", "  jwtRules: []\n", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.kind);
    CAPTURE(row.spec);
    const auto snapshot = judge(istio(row.kind, row.spec));
    REQUIRE_MESSAGE(snapshot->security_policies.size() == 1, all_findings(*snapshot));
    CHECK(snapshot->security_policies[0]->allows_everything == row.allows_everything);
    // Closing a workload is never silent.
    CHECK((find(*snapshot, "spec", Severity::kWarning) != nullptr) == !row.allows_everything);
  }
}

TEST_CASE("config: a dry run refuses nobody") {
  const auto snapshot = judge(
      "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x, "
      "annotations: {istio.io/dry-run: \"true\"}}\n"
      "spec: {action: DENY, rules: [{}]}\n");
  REQUIRE(snapshot->security_policies.size() == 1);
  CHECK(snapshot->security_policies[0]->allows_everything);
}

TEST_CASE(
    "config: an unknown field of a security kind is an error, and whom it selects stays known") {
  for (const char* kind : {"AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"}) {
    CAPTURE(kind);
    const auto snapshot =
        judge(istio(kind, "  selector: {matchLabels: {app: a}}\n  ruels: [{}]\n"));
    const Finding* finding = find(*snapshot, "spec.ruels");
    REQUIRE(finding != nullptr);
    CHECK(finding->code == code::kUnknownField);
    CHECK(snapshot->security_policies.empty());
    REQUIRE(snapshot->broken_security_policies.size() == 1);
    CHECK(snapshot->broken_security_policies[0]->selector.at("app") == "a");
    CHECK(snapshot->broken_security_policies[0]->meta.ref.namespace_ == "ns");
    CHECK_FALSE(snapshot->broken_security_policies[0]->allows_everything);
  }
  const auto outside = judge(
      "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: x}\nspecs: "
      "{}\n");
  CHECK(outside->broken_security_policies.size() == 1);
}

TEST_CASE("config: a broken selector closes the whole namespace") {
  const auto snapshot =
      judge(istio("AuthorizationPolicy", "  selector: {matchLabels: {app: a, version: 1}}\n"));
  REQUIRE(snapshot->broken_security_policies.size() == 1);
  CHECK(snapshot->broken_security_policies[0]->selector.empty());
}

TEST_CASE("config: security documents that Istio would refuse") {
  struct Row {
    const char* kind;
    const char* spec;
    const char* path;
  };
  const Row rows[] = {
      {"AuthorizationPolicy", "  action: PERHAPS\n", "spec.action"},
      {"AuthorizationPolicy", "  action: CUSTOM\n  rules: [{}]\n", "spec.provider"},
      {"AuthorizationPolicy", "  provider: {name: p}\n", "spec.provider"},
      {"AuthorizationPolicy", "  rules: [{from: []}]\n", "rules[0].from"},
      {"AuthorizationPolicy", "  rules: [{from: [{}]}]\n", "from[0].source"},
      {"AuthorizationPolicy", "  rules: [{to: [{operation: {}}]}]\n", "to[0].operation"},
      {"AuthorizationPolicy", "  rules: [{to: [{operation: {paths: []}}]}]\n", "to[0].operation"},
      {"AuthorizationPolicy", "  rules: [{to: [{operation: {paths: [\"\"]}}]}]\n",
       "operation.paths"},
      {"AuthorizationPolicy", "  rules: [{when: [{values: [a]}]}]\n", "when[0].key"},
      {"AuthorizationPolicy", "  rules: [{when: [{key: source.ip}]}]\n", "when[0].values"},
      {"PeerAuthentication", "  mtls: {mode: SOMETIMES}\n", "mtls.mode"},
      {"PeerAuthentication", "  portLevelMtls: {80: {mode: STRICT}}\n", "portLevelMtls"},
      {"PeerAuthentication",
       "  selector: {matchLabels: {a: b}}\n  portLevelMtls: {web: {mode: STRICT}}\n",
       "portLevelMtls.web"},
      {"RequestAuthentication", "  jwtRules: [{audiences: [a]}]\n", "issuer"},
      {"RequestAuthentication", "  jwtRules: [{issuer: i, jwksUri: \"https://a\", jwks: \"{}\"}]\n",
       "jwtRules[0]"},
      {"RequestAuthentication", "  jwtRules: [{issuer: i, jwksUri: \"ftp://a\"}]\n", "jwksUri"},
      {"RequestAuthentication", "  jwtRules: [{issuer: i, jwks: \"{\"}]\n", "jwks"},
      {"RequestAuthentication", "  jwtRules: [{issuer: i, audiences: [\"\"]}]\n", "audiences"},
      {"RequestAuthentication",
       "  jwtRules: [{issuer: i, outputClaimToHeaders: [{header: \"a b\", claim: c}]}]\n",
       "header"},
      {"AuthorizationPolicy", "  action: DENY\n", "spec.rules"},
      {"AuthorizationPolicy", "  rules:\n  -\n", "rules[0]"},
      {"AuthorizationPolicy", "  selector: {matchLabels: {a: \"b*\"}}\n  rules: [{}]\n",
       "matchLabels"},
      {"AuthorizationPolicy", "  rules: [{from: [{source: {ipBlocks: [1.2.3]}}]}]\n", "ipBlocks"},
      {"AuthorizationPolicy", "  rules: [{from: [{source: {serviceAccounts: [a/b/c]}}]}]\n",
       "serviceAccounts"},
      {"AuthorizationPolicy",
       "  rules: [{from: [{source: {serviceAccounts: [a], namespaces: [b]}}]}]\n", "source"},
      {"AuthorizationPolicy", "  rules: [{to: [{operation: {ports: [\"65536\"]}}]}]\n", "ports"},
      {"AuthorizationPolicy", "  rules: [{to: [{operation: {paths: [\"/a/{**}/{*}\"]}}]}]\n",
       "paths"},
      {"AuthorizationPolicy", "  rules: [{to: [{operation: {paths: [\"/a{\"]}}]}]\n", "paths"},
      {"AuthorizationPolicy", "  rules: [{when: [{key: no.such, values: [a]}]}]\n", "when[0].key"},
      {"AuthorizationPolicy", "  rules: [{when: [{key: request.headers, values: [a]}]}]\n",
       "when[0].key"},
      {"AuthorizationPolicy",
       "  action: CUSTOM\n  provider: {name: p}\n  rules: [{from: [{source: {namespaces: "
       "[a]}}]}]\n",
       "namespaces"},
      {"AuthorizationPolicy",
       "  selector: {}\n  targetRefs: [{kind: Service, name: a}]\n  rules: [{}]\n", "spec"},
      {"AuthorizationPolicy", "  targetRefs: [{kind: Pod, name: a}]\n  rules: [{}]\n", "kind"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const auto snapshot = judge(istio(row.kind, row.spec));
    CHECK_MESSAGE(find(*snapshot, row.path) != nullptr, all_findings(*snapshot));
    CHECK(snapshot->security_policies.empty());
    CHECK(snapshot->broken_security_policies.size() == 1);
  }
}

}  // namespace
}  // namespace sm::config
