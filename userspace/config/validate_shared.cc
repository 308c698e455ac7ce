// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/ip.h"
#include "config/istio_names.h"
#include "config/judge.h"
#include "config/scalars.h"
#include "config/schemas.h"
#include "config/validate.h"

namespace sm::config {
namespace {

constexpr std::string_view kDryRun = "istio.io/dry-run";

bool is_go_bool(std::string_view text) {
  constexpr std::string_view kWords[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                         "0", "f", "F", "FALSE", "false", "False"};
  return std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords);
}

void validate_dry_run(const Node& document, const Member& annotation, Reporter& report) {
  const std::string path = "metadata.annotations." + annotation.key;
  if (report.object().kind != "AuthorizationPolicy") {
    report.invalid(path, annotation.mark,
                   fmt::format("{} is for AuthorizationPolicy alone", annotation.key),
                   "remove the annotation");
    return;
  }
  const Node* spec = document.find("spec");
  const Node* action = spec == nullptr ? nullptr : spec->find("action");
  if (action != nullptr && (action->text == "AUDIT" || action->text == "CUSTOM")) {
    report.invalid(path, annotation.mark,
                   fmt::format("there is no dry run of action {}", action->text),
                   "remove the annotation, or write action ALLOW or DENY");
  } else if (!is_go_bool(annotation.value.text)) {
    report.invalid(path, annotation.mark,
                   fmt::format("\"{}\" is no boolean", annotation.value.text),
                   "write \"true\" or \"false\"");
  }
}

void validate_target_ref(const View& ref, Reporter& report) {
  const Judge judge(ref, report);
  if (!ref.text("namespace").empty()) {
    judge.refuse("namespace", "a target cannot be in another namespace", "remove namespace");
  }
  const std::string group = ref.text("group");
  const std::string kind = ref.text("kind");
  const bool core = group.empty() || group == "core";
  const bool known =
      (core && kind == "Service") || (group == "networking.istio.io" && kind == "ServiceEntry") ||
      (group == "gateway.networking.k8s.io" && (kind == "Gateway" || kind == "GatewayClass"));
  if (!known) {
    judge.refuse("kind", fmt::format("{} of group \"{}\" is no target of a policy", kind, group),
                 "name a Service, a ServiceEntry, or a Gateway or GatewayClass of "
                 "gateway.networking.k8s.io");
  }
}

std::string host_part_problem(std::string_view host, bool gateway) {
  const bool address = IpAddress::parse(host).has_value();
  if (host != "*" && host.find('.') == std::string_view::npos) {
    return "short names are not allowed here";
  }
  if (!is_wildcard_domain(host) && !(gateway && address)) return "it is no host name";
  if (is_partial_wildcard(host)) return "\"*\" has to stand for whole labels";
  return {};
}

}  // namespace

void validate_metadata(const Node& document, Reporter& report) {
  const Node* metadata = document.find("metadata");
  const Node* annotations = metadata == nullptr ? nullptr : metadata->find("annotations");
  if (annotations == nullptr) return;
  constexpr std::string_view kReserved[] = {"internal.istio.io/webhook-always-reject",
                                            "internal.istio.io/parent-namespace",
                                            "internal.istio.io/parents"};
  for (const Member& annotation : annotations->members) {
    if (annotation.key == kDryRun) validate_dry_run(document, annotation, report);
    if (std::find(std::begin(kReserved), std::end(kReserved), annotation.key) !=
        std::end(kReserved)) {
      report.invalid("metadata.annotations." + annotation.key, annotation.mark,
                     fmt::format("{} may not be set by users", annotation.key),
                     "remove the annotation");
    }
  }
}

void validate_port(const View& owner, std::string_view field, bool zero, Reporter& report) {
  const auto port = owner.integer(field);
  if (!port || (zero && *port == 0) || (*port >= 1 && *port <= 65535)) return;
  Judge(owner, report)
      .refuse(field, fmt::format("port {} is not in the range 1 to 65535", *port),
              "write a port from 1 to 65535");
}

void validate_regex(const View& owner, std::string_view field, Reporter& report) {
  const std::string problem = regex_problem(owner.text(field));
  if (problem.empty()) return;
  Judge(owner, report)
      .refuse(field, "the regular expression is not valid: " + problem,
              "write RE2 syntax; it has to match the whole value");
}

void validate_string_match(const View& match, bool empty_prefix, Reporter& report) {
  const Judge judge(match, report);
  if (match.has("prefix") && match.text("prefix").empty() && !empty_prefix) {
    judge.refuse("prefix", "an empty prefix matches everything", "leave the match out");
  }
  if (!match.has("regex")) return;
  if (match.text("regex").empty()) {
    judge.refuse("regex", "the regular expression is empty",
                 "write {} to ask for presence, \".*\" for any value");
  } else {
    validate_regex(match, "regex", report);
  }
}

void validate_labels(const View& owner, std::string_view field, Reporter& report) {
  const Judge judge(owner, report);
  for (const auto& [key, value] : owner.pairs(field)) {
    if (!is_istio_label_key(key)) {
      judge.refuse(field, fmt::format("\"{}\" is no label name", key),
                   "use letters, digits, dashes, dots and underscores, after an optional prefix/");
    }
    if (!is_istio_label_value(value)) {
      judge.refuse(field, fmt::format("\"{}\" is no label value", value),
                   "use letters, digits, dashes, dots and underscores");
    }
  }
}

void validate_selector(const View& selector, std::string_view field, Reporter& report) {
  const Judge judge(selector, report);
  for (const auto& [key, value] : selector.pairs(field)) {
    if (key.empty()) judge.refuse(field, "a label needs a name", "name the label");
    if ((key + value).find('*') != std::string::npos) {
      judge.refuse(field, fmt::format("\"{}={}\": a selector has no wildcards", key, value),
                   "select by whole names and values");
    }
    if (value.size() > 63) {
      judge.refuse(field, fmt::format("the value of {} is longer than 63 bytes", key),
                   "shorten it; no pod can have such a label");
    }
  }
  if (selector.size(field) == 0) {
    judge.warn(field, "the selector has no labels and selects everything",
               "name labels, or leave the selector out");
  }
}

void validate_target_refs(const View& spec, Reporter& report) {
  // EnvoyFilter came after targetRef had gone out of use.
  if (report.object().kind != "EnvoyFilter") {
    if (const auto ref = spec.child("targetRef")) validate_target_ref(*ref, report);
  }
  for (const View& ref : spec.list("targetRefs")) validate_target_ref(ref, report);
}

void validate_export_to(const View& spec, Exporter exporter, Reporter& report) {
  const Judge judge(spec, report);
  const std::string& own = report.object().namespace_;
  std::set<std::string> seen;
  for (const auto& [entry, mark] : spec.marked_texts("exportTo")) {
    const std::string name = entry == "." ? own : entry;
    const bool nobody = entry == "~";
    if (seen.contains(name)) {
      judge.refuse("exportTo", mark, fmt::format("\"{}\" is given twice", entry),
                   "keep one of them");
    } else if (nobody ? exporter != Exporter::kServiceEntry
                      : name != "*" && !is_istio_label(name)) {
      judge.refuse("exportTo", mark, fmt::format("\"{}\" is no namespace", entry),
                   "write \".\", \"*\" or the name of a namespace");
    } else {
      seen.insert(name);
    }
  }
  if ((seen.contains("*") || seen.contains("~")) && spec.size("exportTo") > 1) {
    judge.refuse("exportTo", "\"*\" and \"~\" have to stand alone", "keep one entry");
  }
  if (exporter == Exporter::kSelectingRule && !seen.empty() &&
      (seen.size() > 1 || !seen.contains(own))) {
    judge.refuse("exportTo", "a rule that selects workloads is for its own namespace",
                 "write exportTo: [\".\"], or leave it out");
  }
}

std::string scoped_host_problem(std::string_view text, bool gateway) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return gateway ? host_part_problem(text, true) : "it has to be namespace/host";
  }
  std::string_view scope = text.substr(0, slash);
  const std::string_view host = text.substr(slash + 1);
  if (scope.empty() || host.empty()) return "namespace and host cannot be empty";
  // A Sidecar may leave a namespace out by "~".
  if (!gateway && scope.front() == '~') scope.remove_prefix(1);
  const bool any = scope == "*" || scope == "." || (!gateway && scope.empty());
  if (!any && !is_istio_label(scope)) return fmt::format("\"{}\" is no namespace", scope);
  return host_part_problem(host, gateway);
}

}  // namespace sm::config
