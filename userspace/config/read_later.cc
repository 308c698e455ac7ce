// SPDX-License-Identifier: Apache-2.0
// Kinds that are judged as Istio judges them, and analysed, and that this version does not apply,
// which each document of them is told.
#include <fmt/format.h>

#include "config/read.h"
#include "config/schemas.h"
#include "config/validate.h"

namespace sm::config {
namespace {

void say_not_applied(const Node& document, Reporter& report) {
  const Node* version = document.find("apiVersion");
  const std::string group =
      version == nullptr ? std::string() : version->text.substr(0, version->text.find('/'));
  report.not_applied(
      {}, document.mark,
      fmt::format("{} ({}) is not applied by this version", report.object().kind, group),
      "the mesh behaves as if it were absent");
}

void need_spec(const Node& document, Reporter& report) {
  const Node* spec = document.find("spec");
  if (spec != nullptr && !spec->is_null()) return;
  report.invalid("spec", document.mark, fmt::format("a {} needs a spec", report.object().kind),
                 "write spec");
}

// The name of the filter that a patch is about: of what it puts in, else of what it looks for.
std::string filter_of(const View& entry) {
  const auto patch = entry.child("patch");
  const Node* value = patch ? patch->raw("value") : nullptr;
  if (value == nullptr || !value->is_map()) return {};
  if (const Node* name = value->find("name")) return name->text;
  const auto match = entry.child("match");
  const auto listener = match ? match->child("listener") : std::nullopt;
  const auto chain = listener ? listener->child("filterChain") : std::nullopt;
  const auto filter = chain ? chain->child("filter") : std::nullopt;
  return filter ? filter->text("name") : std::string();
}

EnvoyFilter::Patch read_patch(const View& entry) {
  EnvoyFilter::Patch out;
  out.apply_to = entry.text("applyTo");
  out.filter = filter_of(entry);
  out.path = entry.path();
  out.mark = entry.mark();
  if (const auto patch = entry.child("patch")) {
    out.operation = patch->text("operation");
    out.path = patch->path("operation");
    out.mark = patch->mark("operation");
  }
  const auto match = entry.child("match");
  const auto proxy = match ? match->child("proxy") : std::nullopt;
  out.has_proxy_version = proxy && !proxy->text("proxyVersion").empty();
  return out;
}

}  // namespace

Object read_service_entry(const Node& document, Reporter& report) {
  need_spec(document, report);
  const View spec = istio_spec(document, kServiceEntrySchema, false, report);
  validate_service_entry(spec, document, report);
  say_not_applied(document, report);
  ServiceEntry out;
  out.meta = read_metadata(document, report);
  out.hosts = spec.texts("hosts");
  out.addresses = spec.texts("addresses");
  out.export_to = spec.texts("exportTo");
  for (const View& view : spec.list("ports")) {
    out.ports.push_back({read_port(view, "number").value_or(0), view.text("name"),
                         view.text("protocol"), view.mark()});
  }
  if (const auto selector = spec.child("workloadSelector")) {
    out.workload_selector = selector->labels("labels");
  }
  const Node* status = document.find("status");
  const Node* allocated = status == nullptr ? nullptr : status->find("addresses");
  out.has_allocated_addresses = allocated != nullptr && !allocated->items.empty();
  return std::make_shared<const ServiceEntry>(std::move(out));
}

Object read_workload_entry(const Node& document, Reporter& report) {
  need_spec(document, report);
  const View spec = istio_spec(document, kWorkloadEntrySchema, false, report);
  validate_workload_entry(spec, report);
  say_not_applied(document, report);
  return {};
}

Object read_sidecar(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kSidecarSchema, false, report);
  validate_sidecar(spec, report);
  say_not_applied(document, report);
  Sidecar out;
  out.meta = read_metadata(document, report);
  out.selector_mark = spec.mark("workloadSelector");
  if (const auto selector = spec.child("workloadSelector")) {
    out.has_selector = true;
    out.selector = selector->labels("labels");
  }
  out.has_outbound_policy = spec.has("outboundTrafficPolicy");
  return std::make_shared<const Sidecar>(std::move(out));
}

Object read_telemetry(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kTelemetrySchema, false, report);
  validate_telemetry(spec, report);
  say_not_applied(document, report);
  Telemetry out;
  out.meta = read_metadata(document, report);
  out.selector_mark = spec.mark("selector");
  if (const auto selector = spec.child("selector")) {
    out.has_selector = true;
    out.selector = selector->labels("matchLabels");
  }
  for (const View& entry : spec.list("accessLogging")) {
    const bool unprovided = !entry.flag("disabled") && entry.size("providers") == 0;
    out.has_unprovided = out.has_unprovided || unprovided;
  }
  return std::make_shared<const Telemetry>(std::move(out));
}

Object read_envoy_filter(const Node& document, Reporter& report) {
  const View spec = istio_spec(document, kEnvoyFilterSchema, false, report);
  validate_envoy_filter(spec, report);
  say_not_applied(document, report);
  EnvoyFilter out;
  out.meta = read_metadata(document, report);
  out.has_priority = spec.integer("priority").value_or(0) != 0;
  for (const View& entry : spec.list("configPatches")) out.patches.push_back(read_patch(entry));
  return std::make_shared<const EnvoyFilter>(std::move(out));
}

Object read_secret(const Node& document, Reporter& report) {
  check_message(document, kObjectSchema, {}, false, report);
  Secret out;
  out.meta = read_metadata(document, report);
  for (const std::string_view field : {"data", "stringData"}) {
    const Node* data = document.find(field);
    for (const std::string_view key : {"tls.crt", "cert"}) {
      const Node* entry = data == nullptr ? nullptr : data->find(key);
      out.has_certificate = out.has_certificate || (entry != nullptr && !entry->text.empty());
    }
  }
  return std::make_shared<const Secret>(std::move(out));
}

Object read_node(const Node& document, Reporter& report) {
  check_message(document, kObjectSchema, {}, false, report);
  return std::make_shared<const KubeNode>(KubeNode{read_metadata(document, report)});
}

Object read_kube_gateway(const Node& document, Reporter& report) {
  check_message(document, kObjectSchema, {}, false, report);
  say_not_applied(document, report);
  KubeGateway out;
  out.meta = read_metadata(document, report);
  const Node* spec = document.find("spec");
  const Node* listeners = spec == nullptr ? nullptr : spec->find("listeners");
  for (const Node& listener : listeners == nullptr ? std::vector<Node>() : listeners->items) {
    const Node* hostname = listener.find("hostname");
    if (hostname == nullptr || hostname->text.empty()) {
      out.takes_all_hosts = true;
    } else {
      out.hostnames.push_back(hostname->text);
    }
  }
  return std::make_shared<const KubeGateway>(std::move(out));
}

}  // namespace sm::config
