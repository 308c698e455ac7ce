// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "config/read.h"
#include "config/scalars.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

const Node& empty_spec() {
  static const Node kEmpty = map_node();
  return kEmpty;
}

// Istio takes a wildcard here and then finds no such cluster; only "*" alone is refused.
bool is_destination_host(const std::string& host) {
  return is_wildcard_domain(host) || (host.front() == '*' && is_fqdn(host.substr(1)));
}

}  // namespace

Metadata read_metadata(const Node& document, const Reporter& report) {
  Metadata meta;
  meta.ref = report.object();
  const View view(document, kObjectSchema, {});
  if (const auto metadata = view.child("metadata")) {
    meta.labels = metadata->labels("labels");
    meta.annotations = metadata->labels("annotations");
    meta.uid = metadata->text("uid");
    meta.creation_timestamp = metadata->text("creationTimestamp");
  }
  return meta;
}

View istio_spec(const Node& document, const Message& schema, bool strict, Reporter& report) {
  check_message(document, kIstioObjectSchema, {}, strict, report);
  const Node* spec = document.find("spec");
  if (spec == nullptr || spec->is_null()) return View(empty_spec(), schema, "spec");
  if (!spec->is_map()) {
    report.invalid("spec", spec->mark, fmt::format("expected a map, got {}", to_string(spec->kind)),
                   "");
    return View(empty_spec(), schema, "spec");
  }
  check_message(*spec, schema, "spec", strict, report);
  return View(*spec, schema, "spec");
}

std::optional<std::uint16_t> read_port(const View& view, std::string_view name, Reporter& report) {
  const auto value = view.integer(name);
  if (!value) return std::nullopt;
  if (*value < 1 || *value > 65535) {
    report.invalid(view.path(name), view.mark(name),
                   fmt::format("port {} is not in the range 1 to 65535", *value), "");
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(*value);
}

Destination read_destination(const View& view, Reporter& report) {
  Destination out;
  out.mark = view.mark("host");
  out.subset_mark = view.mark("subset");
  out.host = view.text("host");
  out.subset = view.text("subset");
  if (!view.has("host")) {
    report.invalid(view.path("host"), view.mark(), "a destination needs a host", "name a Service");
  } else if (!out.host.empty() && (out.host == "*" || !is_destination_host(out.host))) {
    report.invalid(view.path("host"), view.mark("host"),
                   fmt::format("\"{}\" is no host name", out.host),
                   "name a Service, as \"reviews\" or \"reviews.prod.svc.cluster.local\"");
  } else if (out.host.empty()) {
    report.invalid(view.path("host"), view.mark("host"), "a destination needs a host",
                   "name a Service");
  }
  if (!out.subset.empty() && !is_dns_label(out.subset)) {
    report.invalid(view.path("subset"), view.mark("subset"),
                   fmt::format("\"{}\" is no subset name", out.subset),
                   "use lower case letters, digits and dashes");
  }
  if (const auto port = view.child("port")) {
    out.port = read_port(*port, "number", report);
    if (!port->has("number")) {
      report.invalid(port->path(), port->mark(), "a port needs a number",
                     "write port: {number: 80}");
    }
  }
  return out;
}

std::vector<std::string> read_export_to(const View& spec, Reporter& report) {
  std::vector<std::string> out = spec.texts("exportTo");
  for (const std::string& entry : out) {
    if (entry == "." || entry == "*" || entry == "~" || is_dns_label(entry)) continue;
    report.invalid(spec.path("exportTo"), spec.mark("exportTo"),
                   fmt::format("\"{}\" is no namespace", entry),
                   "write \".\", \"*\", \"~\" or the name of a namespace");
  }
  return out;
}

std::vector<std::string> read_gateway_names(const View& view, Reporter& report) {
  std::vector<std::string> out;
  for (auto& [name, mark] : view.marked_texts("gateways")) {
    const std::size_t slash = name.find('/');
    const bool good = slash == std::string::npos ? is_dns_subdomain(name)
                                                 : is_dns_label(name.substr(0, slash)) &&
                                                       is_dns_subdomain(name.substr(slash + 1));
    if (!good) {
      report.invalid(view.path("gateways"), mark, fmt::format("\"{}\" is no gateway name", name),
                     "write gateway, namespace/gateway or mesh");
    }
    out.push_back(std::move(name));
  }
  return out;
}

void check_labels(const View& view, std::string_view name, Reporter& report) {
  for (const auto& [key, value] : view.pairs(name)) {
    if (!is_label_key(key)) {
      report.invalid(view.path(name), view.mark(name), fmt::format("\"{}\" is no label name", key),
                     "");
    }
    if (!is_label_value(value)) {
      report.invalid(view.path(name), view.mark(name),
                     fmt::format("\"{}\" is no label value", value),
                     "use at most 63 letters, digits, dashes, dots and underscores");
    }
  }
}

}  // namespace sm::config
