// SPDX-License-Identifier: Apache-2.0
// The three security kinds: whom they select, and whether they could refuse anybody. Their schema
// is strict, because half a security rule is a wrong one.
#include <fmt/format.h>

#include <algorithm>

#include "config/read.h"
#include "config/scalars.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

SecurityPolicy start(const Node& document, const View& spec, SecurityPolicy::Kind kind,
                     Reporter& report) {
  SecurityPolicy policy;
  policy.meta = read_metadata(document, report);
  policy.kind = kind;
  if (const auto selector = spec.child("selector")) {
    policy.selector = selector->labels("matchLabels");
    check_labels(*selector, "matchLabels", report);
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

void check_entries(const View& body, const Member& member, Reporter& report) {
  const std::string path = body.path() + "." + member.key;
  for (const Node& item : member.value.items) {
    if (item.kind == Node::Kind::kString && item.text.empty()) {
      report.invalid(path, item.mark, fmt::format("{} has an empty entry", member.key),
                     "remove it");
    }
  }
  if (member.value.is_sequence() && member.value.items.empty()) {
    report.invalid(path, member.mark, fmt::format("{} is empty", member.key),
                   fmt::format("leave {} out", member.key));
  }
}

void check_rule(const View& rule, Reporter& report) {
  const auto not_empty = [&](std::string_view list, std::string_view inner) {
    if (rule.has(list) && rule.size(list) == 0) {
      report.invalid(rule.path(list), rule.mark(list), fmt::format("{} is empty", list),
                     fmt::format("leave {} out", list));
    }
    for (const View& entry : rule.list(list)) {
      const auto body = entry.child(inner);
      if (!body || body->node().members.empty()) {
        report.invalid(entry.path(), entry.mark(),
                       fmt::format("{} needs a {} with a field", list, inner), "");
        continue;
      }
      for (const Member& member : body->node().members) check_entries(*body, member, report);
    }
  };
  not_empty("from", "source");
  not_empty("to", "operation");
  for (const View& condition : rule.list("when")) {
    if (condition.text("key").empty()) {
      report.invalid(condition.path("key"), condition.mark("key"), "a condition needs a key", "");
    }
    if (condition.size("values") == 0 && condition.size("notValues") == 0) {
      report.invalid(condition.path("values"), condition.mark(),
                     "a condition needs values or notValues", "");
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
  SecurityPolicy policy = start(document, spec, SecurityPolicy::Kind::kAuthorization, report);
  policy.action = spec.text("action");
  if (policy.action.empty()) policy.action = "ALLOW";
  bool matches_all = false;
  for (const View& rule : spec.list("rules")) {
    check_rule(rule, report);
    matches_all = matches_all || rule.node().members.empty();
  }
  if (policy.action == "CUSTOM" && !spec.has("provider")) {
    report.invalid("spec.provider", spec.mark(), "action CUSTOM needs a provider",
                   "write provider: {name: ...}");
  }
  if (policy.action != "CUSTOM" && spec.has("provider")) {
    report.invalid("spec.provider", spec.mark("provider"), "a provider needs action CUSTOM", "");
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
  SecurityPolicy policy = start(document, spec, SecurityPolicy::Kind::kPeerAuthentication, report);
  policy.action = mtls_mode(spec);
  bool strict = policy.action == "STRICT";
  for (const auto& [port, mtls] : spec.map("portLevelMtls")) {
    Node key = string_node(port);
    key.kind = plain_scalar_kind(port);
    const auto number = integer_of(key);
    if (!number || *number < 1 || *number > 65535) {
      report.invalid(mtls.path(), mtls.mark(), fmt::format("\"{}\" is no port", port),
                     "write the container's port");
    }
    strict = strict || mtls.text("mode") == "STRICT";
  }
  if (spec.size("portLevelMtls") > 0 && policy.selector.empty()) {
    report.invalid("spec.portLevelMtls", spec.mark("portLevelMtls"),
                   "portLevelMtls needs a selector", "select workloads by selector.matchLabels");
  }
  policy.allows_everything = !strict;
  say_denied(policy, report);
  return std::make_shared<const SecurityPolicy>(std::move(policy));
}

Object read_request_authentication(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kRequestAuthenticationSchema, true, report);
  SecurityPolicy policy =
      start(document, spec, SecurityPolicy::Kind::kRequestAuthentication, report);
  for (const View& rule : spec.list("jwtRules")) {
    if (rule.text("issuer").empty()) {
      report.invalid(rule.path("issuer"), rule.mark("issuer"), "a JWT rule needs an issuer", "");
    }
    if (rule.has("jwks") && rule.has("jwksUri")) {
      report.invalid(rule.path("jwks"), rule.mark("jwks"), "jwks and jwksUri exclude each other",
                     "keep one of them");
    }
  }
  // A bad token is refused wherever there is a rule.
  policy.allows_everything = spec.size("jwtRules") == 0;
  say_denied(policy, report);
  return std::make_shared<const SecurityPolicy>(std::move(policy));
}

}  // namespace sm::config
