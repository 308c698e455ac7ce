// SPDX-License-Identifier: Apache-2.0
// The three security kinds: whom they select, and whether they could refuse anybody. Their schema
// is strict, because half a security rule is a wrong one.
#include <fmt/format.h>

#include "config/read.h"
#include "config/schemas.h"
#include "config/validate.h"

namespace sm::config {
namespace {

SecurityPolicy start(const Node& document, const View& spec, SecurityPolicy::Kind kind,
                     Reporter& report) {
  SecurityPolicy policy;
  policy.meta = read_metadata(document, report);
  policy.kind = kind;
  if (const auto selector = spec.child("selector")) {
    policy.has_selector = true;
    policy.selector = selector->labels("matchLabels");
    policy.selector_mark = selector->mark();
  }
  return policy;
}

// Until such policies are evaluated the workloads that they select are closed, and that has to be
// said.
void say_denied(const SecurityPolicy& policy, Reporter& report) {
  if (policy.allows_everything) return;
  report.not_applied(
      "spec", Mark{},
      fmt::format("this version does not evaluate {}; the workloads that it selects are denied",
                  policy.meta.ref.kind),
      "remove the policy, or let it allow everything, to open them");
}

bool is_dry_run(const SecurityPolicy& policy) {
  const auto found = policy.meta.annotations.find("istio.io/dry-run");
  return found != policy.meta.annotations.end() && found->second == "true";
}

void read_namespaces(const View& rule, SecurityPolicy& policy) {
  for (const View& from : rule.list("from")) {
    const auto source = from.child("source");
    for (const std::string_view field : {"namespaces", "notNamespaces"}) {
      if (!source) break;
      for (auto& [name, mark] : source->marked_texts(field)) {
        policy.namespaces.push_back({std::move(name), source->path(field), mark});
      }
    }
  }
}

std::string mtls_mode(const View& owner) {
  const auto mtls = owner.child("mtls");
  const std::string mode = mtls ? mtls->text("mode") : std::string();
  return mode.empty() ? "UNSET" : mode;
}

}  // namespace

Object read_authorization_policy(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kAuthorizationPolicySchema, true, report);
  validate_authorization_policy(spec, report);
  SecurityPolicy policy = start(document, spec, SecurityPolicy::Kind::kAuthorization, report);
  policy.action = spec.text("action");
  if (policy.action.empty()) policy.action = "ALLOW";
  bool matches_all = false;
  for (const View& rule : spec.list("rules")) {
    read_namespaces(rule, policy);
    matches_all = matches_all || rule.node().members.empty();
  }
  const bool rules = spec.size("rules") > 0;
  // istio-behaviour.md 7.3: ALLOW without rules denies everybody, the others without rules never
  // match; AUDIT only logs.
  policy.allows_everything = policy.action == "ALLOW"   ? matches_all
                             : policy.action == "AUDIT" ? true
                                                        : !rules;
  if (is_dry_run(policy)) policy.allows_everything = true;
  say_denied(policy, report);
  return std::make_shared<const SecurityPolicy>(std::move(policy));
}

Object read_peer_authentication(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kPeerAuthenticationSchema, true, report);
  validate_peer_authentication(spec, report);
  SecurityPolicy policy = start(document, spec, SecurityPolicy::Kind::kPeerAuthentication, report);
  policy.action = mtls_mode(spec);
  bool strict = policy.action == "STRICT";
  for (const auto& [port, mtls] : spec.map("portLevelMtls")) {
    strict = strict || mtls.text("mode") == "STRICT";
  }
  policy.allows_everything = !strict;
  say_denied(policy, report);
  return std::make_shared<const SecurityPolicy>(std::move(policy));
}

Object read_request_authentication(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kRequestAuthenticationSchema, true, report);
  validate_request_authentication(spec, report);
  SecurityPolicy policy =
      start(document, spec, SecurityPolicy::Kind::kRequestAuthentication, report);
  // A bad token is refused wherever there is a rule.
  policy.allows_everything = spec.size("jwtRules") == 0;
  say_denied(policy, report);
  return std::make_shared<const SecurityPolicy>(std::move(policy));
}

}  // namespace sm::config
