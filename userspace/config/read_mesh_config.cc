// SPDX-License-Identifier: Apache-2.0
// MeshConfig: YAML text inside ConfigMap `istio` of the root namespace, key `mesh`.
#include <fmt/format.h>

#include "config/read.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

// A key that is not read is said, since whoever set it expects something of it.
void say_unread(const Node& mesh, const Message& schema, const std::string& path,
                Reporter& report) {
  for (const Member& member : mesh.members) {
    const Field* field = find_field(schema, member.key);
    const std::string here = path + "." + member.key;
    if (field == nullptr) {
      const std::string near = nearest_field(schema, member.key);
      report.add(code::kUnsupported, Severity::kInfo, here, member.mark,
                 fmt::format("{} of MeshConfig is not used by this version", member.key),
                 near.empty() ? "" : "if it is a misspelling: did you mean " + near + "?");
    } else if (field->message != nullptr && member.value.is_map()) {
      say_unread(member.value, *field->message, here, report);
    }
  }
}

// Marks inside the text are relative to it; a block scalar's text starts on the line after its key.
void shift(Node& node, int lines) {
  const auto move = [lines](Mark& mark) {
    if (mark.line > 0) mark.line += lines;
  };
  move(node.mark);
  for (Member& member : node.members) {
    move(member.mark);
    shift(member.value, lines);
  }
  for (Node& item : node.items) shift(item, lines);
}

// With accessLogEncoding JSON the format is a JSON object of texts; without a format, Istio's.
void read_access_log_format(const View& view, MeshConfig& mesh, Reporter& report) {
  const bool json = view.text("accessLogEncoding") == "JSON";
  const std::string format = view.text("accessLogFormat");
  if (format.empty()) {
    mesh.access_log_format =
        json ? telemetry::AccessFormat::default_json() : telemetry::AccessFormat::default_text();
    return;
  }
  auto made = json ? telemetry::AccessFormat::json(format) : telemetry::AccessFormat::text(format);
  if (made) {
    mesh.access_log_format = std::move(*made);
  } else {
    report.invalid(view.path("accessLogFormat"), view.mark("accessLogFormat"), made.error().text,
                   made.error().remedy);
  }
}

// What is not used, and said so, but matters to the analysers.
void read_analysed(const Node& root, MeshConfig& mesh) {
  const Node* providers = root.find("defaultProviders");
  const Node* logs = providers == nullptr ? nullptr : providers->find("accessLogging");
  mesh.has_log_provider = logs != nullptr && !logs->items.empty();
  const Node* proxy = root.find("defaultConfig");
  const Node* metadata = proxy == nullptr ? nullptr : proxy->find("proxyMetadata");
  const auto is_on = [metadata](const char* name) {
    const Node* value = metadata == nullptr ? nullptr : metadata->find(name);
    return value != nullptr && value->text == "true";
  };
  mesh.allocates_addresses =
      is_on("ISTIO_META_DNS_CAPTURE") &&
      (is_on("ISTIO_META_DNS_AUTO_ALLOCATE") || is_on("PILOT_ENABLE_IP_AUTOALLOCATE"));
}

}  // namespace

Object read_config_map(const Node& document, Reporter& report) {
  const ObjectRef& ref = report.object();
  check_message(document, kConfigMapSchema, {}, false, report);
  if (ref.name != "istio" || ref.namespace_ != "istio-system") return {};
  MeshConfig mesh;
  const Node* data = document.find("data");
  const Node* text = data == nullptr ? nullptr : data->find("mesh");
  if (text == nullptr || !text->is_scalar())
    return std::make_shared<const MeshConfig>(std::move(mesh));
  YamlFile file = parse_yaml(text->text);
  const bool broken = file.error || file.documents.size() > 1;
  if (broken) {
    const std::string why = file.error ? file.error->text : "more than one document";
    Mark mark = text->mark;
    if (file.error && file.error->mark.line > 0) mark.line += file.error->mark.line;
    report.invalid("data.mesh", mark, "MeshConfig is no YAML: " + why, "correct the text");
    return {};
  }
  if (file.documents.empty()) return std::make_shared<const MeshConfig>(std::move(mesh));
  YamlDocument& inner = file.documents.front();
  shift(inner.root, text->mark.line);
  for (const YamlError& error : inner.errors) {
    report.invalid("data.mesh", Mark{error.mark.line + text->mark.line, error.mark.column},
                   error.text, "correct the text");
  }
  if (!inner.root.is_map()) {
    report.invalid("data.mesh", inner.root.mark, "MeshConfig has to be a map", "write key: value");
    return {};
  }
  check_message(inner.root, kMeshConfigSchema, "data.mesh", false, report);
  say_unread(inner.root, kMeshConfigSchema, "data.mesh", report);
  const View view(inner.root, kMeshConfigSchema, "data.mesh");
  if (const std::string root = view.text("rootNamespace"); !root.empty())
    mesh.root_namespace = root;
  if (const std::string domain = view.text("trustDomain"); !domain.empty())
    mesh.trust_domain = domain;
  read_analysed(inner.root, mesh);
  mesh.access_log_file = view.text("accessLogFile");
  read_access_log_format(view, mesh, report);
  if (const auto outbound = view.child("outboundTrafficPolicy")) {
    mesh.registry_only = outbound->text("mode") == "REGISTRY_ONLY";
  }
  if (const auto normalization = view.child("pathNormalization")) {
    const std::string level = normalization->text("normalization");
    if (!level.empty() && level != "DEFAULT") mesh.path_normalization = level;
  }
  return std::make_shared<const MeshConfig>(std::move(mesh));
}

}  // namespace sm::config
