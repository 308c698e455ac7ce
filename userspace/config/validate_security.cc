// SPDX-License-Identifier: Apache-2.0
// What AuthorizationPolicy and PeerAuthentication have to keep to; RequestAuthentication is in
// validate_jwt.cc.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "config/istio_names.h"
#include "config/judge.h"
#include "config/scalars.h"
#include "config/validate.h"

namespace sm::config {
namespace {

constexpr std::size_t kAccountsMax = 16;
constexpr std::size_t kAccountBytesMax = 320;

bool is_port_text(std::string_view text) {
  unsigned value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc{} && end == last && value <= 65535;
}

// Each of these says what is wrong with one value, "" when nothing is.
std::string account_problem(std::string_view text) {
  if (text.find('*') != std::string_view::npos) return "it has a wildcard";
  if (text.size() > kAccountBytesMax) return "it is longer than 320 bytes";
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view name = text.substr(slash + 1);
  if (slash == 0 || name.empty() || name.find('/') != std::string_view::npos) {
    return "it is neither account nor namespace/account";
  }
  return {};
}

std::string wildcard_problem(std::string_view text) {
  const auto stars = std::count(text.begin(), text.end(), '*');
  if (stars > 1) return "it has more than one wildcard";
  if (stars == 1 && text.front() != '*' && text.back() != '*') {
    return "its wildcard is in the middle";
  }
  return {};
}

std::string trust_domain_problem(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return "it has a slash";
  return wildcard_problem(text);
}

std::string ip_problem(std::string_view text) {
  return is_ip_or_subnet(text) ? "" : "it is neither an address nor a range";
}

std::string port_problem(std::string_view text) {
  return is_port_text(text) ? "" : "it is no port";
}

bool is_literal(std::string_view text) {
  constexpr std::string_view kMarks = "-._~%!$&'()+,;:@=";
  return !text.empty() && std::all_of(text.begin(), text.end(), [kMarks](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// Templates: "{*}" is one part of a path, "{**}" the rest of it and therefore the last.
std::string path_problem(std::string_view text) {
  const bool is_template =
      text.find("{*}") != std::string_view::npos || text.find("{**}") != std::string_view::npos;
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  bool rest = false;
  for (;;) {
    const std::size_t slash = text.find('/');
    const std::string_view part = text.substr(0, slash);
    const bool one = part == "{*}";
    const bool any = part == "{**}";
    if ((one || any) && rest) return "{**} is not its last part";
    rest = rest || any;
    if (!one && !any) {
      if (part.find_first_of("{}") != std::string_view::npos) return "it has a stray { or }";
      if (is_template && !is_literal(part)) return "a part of the template is no plain text";
    }
    if (slash == std::string_view::npos) return {};
    text.remove_prefix(slash + 1);
  }
}

std::string nothing_wrong(std::string_view) { return {}; }

using Test = std::string (*)(std::string_view);

void validate_values(const View& owner, std::string_view field, Test test, Reporter& report) {
  const Judge judge(owner, report);
  for (const auto& [value, mark] : owner.marked_texts(field)) {
    const std::string problem = value.empty() ? "it is empty" : test(value);
    if (problem.empty()) continue;
    judge.refuse(field, mark, fmt::format("\"{}\" is not allowed in {}: {}", value, field, problem),
                 "correct the value, or remove it");
  }
}

struct Check {
  std::string_view field;
  Test test;
};

constexpr Check kSourceChecks[] = {
    {"principals", nothing_wrong},
    {"notPrincipals", nothing_wrong},
    {"requestPrincipals", nothing_wrong},
    {"notRequestPrincipals", nothing_wrong},
    {"namespaces", nothing_wrong},
    {"notNamespaces", nothing_wrong},
    {"ipBlocks", ip_problem},
    {"notIpBlocks", ip_problem},
    {"remoteIpBlocks", ip_problem},
    {"notRemoteIpBlocks", ip_problem},
    {"serviceAccounts", account_problem},
    {"notServiceAccounts", account_problem},
    {"trustDomains", trust_domain_problem},
    {"notTrustDomains", trust_domain_problem},
};
constexpr Check kOperationChecks[] = {
    {"hosts", nothing_wrong},   {"notHosts", nothing_wrong}, {"ports", port_problem},
    {"notPorts", port_problem}, {"methods", nothing_wrong},  {"notMethods", nothing_wrong},
    {"paths", path_problem},    {"notPaths", path_problem},
};

template <std::size_t kSize>
void validate_body(const View& owner, std::string_view field, const Check (&checks)[kSize],
                   Reporter& report) {
  const auto body = owner.child(field);
  bool empty = true;
  for (const Check& check : checks) {
    if (!body) break;
    empty = empty && body->size(check.field) == 0;
    validate_values(*body, check.field, check.test, report);
    const bool accounts = check.test == account_problem;
    if (accounts && body->size(check.field) > kAccountsMax) {
      Judge(*body, report).refuse(check.field, "more than 16 service accounts", "split the rule");
    }
  }
  if (!empty) return;
  Judge(owner, report)
      .refuse(field, fmt::format("a rule needs a {} with a field", field),
              fmt::format("write a field of {}, or leave the entry out", field));
}

std::string key_problem(std::string_view key) {
  const std::size_t open = key.find('[');
  const bool good =
      key.ends_with(']') && open != std::string_view::npos && open > 0 && open + 2 < key.size();
  return good ? "" : "it has to be written as name[key]";
}

struct Attribute {
  std::string_view name;
  bool keyed;  // "request.headers[x]"
  Test test;
  std::string_view refused = {};  // why it is none any more
};
constexpr Attribute kAttributes[] = {
    {"request.headers", true, nothing_wrong},
    {"source.ip", false, ip_problem},
    {"remote.ip", false, ip_problem},
    {"source.namespace", false, nothing_wrong},
    {"source.serviceAccount", false, account_problem},
    {"source.principal", false, nothing_wrong},
    {"source.trustDomain", false, wildcard_problem},
    {"request.auth.principal", false, nothing_wrong},
    {"request.auth.audiences", false, nothing_wrong},
    {"request.auth.presenter", false, nothing_wrong},
    {"request.auth.claims", true, nothing_wrong},
    {"destination.ip", false, ip_problem},
    {"destination.port", false, port_problem},
    {"connection.sni", false, nothing_wrong},
    {"experimental.envoy.filters.", true, nothing_wrong},
    {"destination.namespace", false, nothing_wrong, "write the policy into that namespace"},
    {"destination.labels", true, nothing_wrong, "write a selector"},
    {"destination.name", false, nothing_wrong, "write a selector"},
    {"destination.user", false, nothing_wrong, "write a selector"},
};

const Attribute* find_attribute(std::string_view key) {
  for (const Attribute& attribute : kAttributes) {
    if (attribute.keyed ? key.starts_with(attribute.name) : key == attribute.name)
      return &attribute;
  }
  return nullptr;
}

void validate_condition(const View& condition, Reporter& report) {
  const Judge judge(condition, report);
  const std::string key = condition.text("key");
  if (key.empty()) {
    if (condition.has("key")) judge.refuse("key", "a condition needs a key", "write source.ip");
    return;
  }
  if (condition.size("values") + condition.size("notValues") == 0) {
    judge.refuse("values", "a condition needs values or notValues", "write values: [...]");
    return;
  }
  const Attribute* attribute = find_attribute(key);
  if (attribute == nullptr || !attribute->refused.empty()) {
    judge.refuse("key", fmt::format("\"{}\" is no attribute of a condition", key),
                 attribute == nullptr ? "write source.ip, request.headers[name] or the like"
                                      : std::string(attribute->refused));
    return;
  }
  const std::string problem = attribute->keyed ? key_problem(key) : std::string();
  if (!problem.empty()) {
    judge.refuse("key", fmt::format("\"{}\": {}", key, problem), "write request.headers[name]");
  }
  const bool many = attribute->test == account_problem &&
                    std::max(condition.size("values"), condition.size("notValues")) > kAccountsMax;
  if (many) judge.refuse("values", "more than 16 service accounts", "split the condition");
  validate_values(condition, "values", attribute->test, report);
  validate_values(condition, "notValues", attribute->test, report);
}

// An external authoriser sees the request before any identity of it is known.
void validate_custom_rule(const View& rule, Reporter& report) {
  constexpr std::string_view kFields[] = {
      "namespaces",        "notNamespaces",       "serviceAccounts", "notServiceAccounts",
      "trustDomains",      "notTrustDomains",     "principals",      "notPrincipals",
      "requestPrincipals", "notRequestPrincipals"};
  for (const View& from : rule.list("from")) {
    const auto source = from.child("source");
    for (const std::string_view field : kFields) {
      if (!source || source->size(field) == 0) continue;
      Judge(*source, report)
          .refuse(field, fmt::format("action CUSTOM knows no {}", field),
                  "ask for it in a policy with action ALLOW or DENY");
    }
  }
  for (const View& when : rule.list("when")) {
    const std::string key = when.text("key");
    if (key != "source.namespace" && key != "source.serviceAccount" &&
        key != "source.trustDomain" && key != "source.principal" &&
        !key.starts_with("request.auth.")) {
      continue;
    }
    Judge(when, report)
        .refuse("key", fmt::format("action CUSTOM knows no {}", key),
                "ask for it in a policy with action ALLOW or DENY");
  }
}

void validate_rule(const View& rule, Reporter& report) {
  for (const std::string_view list : {"from", "to"}) {
    if (!rule.has(list) || rule.size(list) > 0) continue;
    Judge(rule, report)
        .refuse(list, fmt::format("{} is empty", list), fmt::format("leave {} out", list));
  }
  for (const View& from : rule.list("from")) validate_body(from, "source", kSourceChecks, report);
  for (const View& to : rule.list("to")) validate_body(to, "operation", kOperationChecks, report);
  for (const View& when : rule.list("when")) validate_condition(when, report);
}

}  // namespace

void validate_authorization_policy(const View& spec, Reporter& report) {
  const Judge judge(spec, report);
  if (const auto selector = spec.child("selector")) {
    validate_selector(*selector, "matchLabels", report);
  }
  validate_target_refs(spec, report);
  const std::string action = spec.text("action");
  const bool custom = action == "CUSTOM";
  if ((custom || action == "DENY") && spec.size("rules") == 0) {
    judge.refuse("rules", fmt::format("action {} without rules never applies", action),
                 "write rules: [{}] to let it apply to every request");
  }
  const auto provider = spec.child("provider");
  if (custom && spec.size("rules") > 0 && (!provider || provider->text("name").empty())) {
    judge.refuse("provider", "action CUSTOM needs a provider", "write provider: {name: ...}");
  }
  if (!custom && spec.has("provider")) {
    judge.refuse("provider", "a provider needs action CUSTOM", "remove provider");
  }
  for (const View& rule : spec.list("rules")) {
    if (custom) validate_custom_rule(rule, report);
    validate_rule(rule, report);
  }
}

void validate_peer_authentication(const View& spec, Reporter& report) {
  const Judge judge(spec, report);
  const auto selector = spec.child("selector");
  if (selector) validate_selector(*selector, "matchLabels", report);
  const bool selects = selector && selector->size("matchLabels") > 0;
  if (spec.has("portLevelMtls") && !selects) {
    judge.refuse("portLevelMtls", "portLevelMtls needs a selector",
                 "select workloads by selector.matchLabels");
  }
  for (const auto& [port, mtls] : spec.map("portLevelMtls")) {
    if (is_port_text(port) && port != "0") continue;
    Judge(mtls, report)
        .refuse_all(fmt::format("\"{}\" is no port", port), "write the container's port");
  }
}

}  // namespace sm::config
