// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "config/read.h"
#include "config/schemas.h"
#include "config/validate.h"

namespace sm::config {
namespace {

const Node& empty_spec() {
  static const Node kEmpty = map_node();
  return kEmpty;
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
  validate_metadata(document, report);
  const Node* spec = document.find("spec");
  if (spec == nullptr || spec->is_null()) return View(empty_spec(), schema, "spec");
  if (!spec->is_map()) {
    report.invalid("spec", spec->mark, fmt::format("expected a map, got {}", to_string(spec->kind)),
                   "write its fields below spec, indented");
    return View(empty_spec(), schema, "spec");
  }
  check_message(*spec, schema, "spec", strict, report);
  return View(*spec, schema, "spec");
}

std::optional<std::uint16_t> read_port(const View& view, std::string_view name) {
  const auto value = view.integer(name);
  if (!value || *value < 1 || *value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*value);
}

std::optional<std::uint16_t> read_port(const View& view, std::string_view name, Reporter& report) {
  validate_port(view, name, false, report);
  return read_port(view, name);
}

Destination read_destination(const View& view) {
  Destination out;
  out.path = view.path();
  out.mark = view.mark("host");
  out.subset_mark = view.mark("subset");
  out.host = view.text("host");
  out.subset = view.text("subset");
  if (const auto port = view.child("port")) out.port = read_port(*port, "number");
  return out;
}

}  // namespace sm::config
