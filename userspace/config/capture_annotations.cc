// SPDX-License-Identifier: Apache-2.0
#include "config/capture_annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace sm::config {
namespace {

constexpr std::string_view kPrefix = "traffic.sidecar.istio.io/";
constexpr std::string_view kEverything = "*";

enum class Shape : unsigned char { kPorts, kPortsOrAll, kRanges, kRangesOrAll };

// Where the value of one annotation goes.
struct Annotation {
  std::string_view name;  // after kPrefix
  Shape shape;
  std::vector<std::uint16_t> CaptureLists::*ports = nullptr;
  std::vector<Cidr> CaptureLists::*ranges = nullptr;
  bool CaptureLists::*all = nullptr;
};
constexpr Annotation kAnnotations[] = {
    {"includeOutboundIPRanges", Shape::kRangesOrAll, nullptr, &CaptureLists::out_include,
     &CaptureLists::all_out},
    {"excludeOutboundIPRanges", Shape::kRanges, nullptr, &CaptureLists::out_exclude},
    {"includeOutboundPorts", Shape::kPorts, &CaptureLists::out_ports_include},
    {"excludeOutboundPorts", Shape::kPorts, &CaptureLists::out_ports_exclude},
    {"includeInboundPorts", Shape::kPortsOrAll, &CaptureLists::in_ports_include, nullptr,
     &CaptureLists::all_in},
    {"excludeInboundPorts", Shape::kPorts, &CaptureLists::in_ports_exclude},
};

std::string_view remedy_of(Shape shape) {
  switch (shape) {
    case Shape::kPorts:
      return "write ports, such as \"3306,9042\", or \"\"";
    case Shape::kPortsOrAll:
      return "write \"*\", ports, such as \"8080,9090\", or \"\" for none";
    case Shape::kRanges:
      return "write ranges, such as \"10.0.0.0/8,fd00::/8\", or \"\"";
    case Shape::kRangesOrAll:
      return "write \"*\", ranges, such as \"10.0.0.0/8,fd00::/8\", or \"\" for none";
  }
  return {};
}

std::optional<std::uint16_t> read_entry(std::string_view text, std::uint16_t*) {
  const auto port = parse_decimal(text, UINT16_MAX);
  return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

std::optional<Cidr> read_entry(std::string_view text, Cidr*) { return Cidr::parse(text); }

// The first entry that is none, or nothing. The list is sorted and without repetitions, so that
// only a change of meaning is a change.
template <class Entry>
std::optional<std::string> read_list(std::string_view text, std::vector<Entry>& out) {
  for (const std::string_view part : split(text, ',')) {
    const auto entry = read_entry(part, static_cast<Entry*>(nullptr));
    if (!entry) return std::string(part);
    out.push_back(*entry);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return std::nullopt;
}

// The entry that cannot be read, or nothing.
std::optional<std::string> read_value(const Annotation& annotation, std::string_view written,
                                      CaptureLists& lists) {
  const std::string_view value = trim(written);
  if (annotation.all != nullptr) {
    lists.*annotation.all = value == kEverything;
    if (value == kEverything) return std::nullopt;
  }
  return annotation.ports != nullptr ? read_list(value, lists.*annotation.ports)
                                     : read_list(value, lists.*annotation.ranges);
}

const Annotation* find_annotation(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kAnnotations), std::end(kAnnotations),
                   [name](const Annotation& annotation) { return annotation.name == name; });
  return found == std::end(kAnnotations) ? nullptr : found;
}

void say_not_applied(const Member& member, const std::string& path, bool application,
                     Reporter& report) {
  report.not_applied(
      path, member.mark,
      fmt::format("annotation {} is not applied {}", member.key,
                  application ? "by this version" : "to a gateway, which has no application"),
      application ? "remove it; what it would leave out is captured" : "remove it");
}

void say_bad(const Member& member, const std::string& path, const Annotation& annotation,
             const std::string& entry, Reporter& report) {
  const std::string_view what = annotation.ports != nullptr ? "no port" : "no address range";
  report.add(code::kInvalidAnnotation, Severity::kWarning, path, member.value.mark,
             fmt::format("\"{}\" in annotation {} is {}; all connections of the pod are captured",
                         entry, member.key, what),
             std::string(remedy_of(annotation.shape)));
}

}  // namespace

CaptureLists read_capture_lists(const View& metadata, Reporter& report) {
  CaptureLists lists;
  bool good = true;
  const Node* annotations = metadata.raw("annotations");
  if (annotations == nullptr) return lists;
  const Node* gateway = annotations->find("sockmesh.io/gateway");
  const bool applies = gateway == nullptr || gateway->text != "true";
  for (const Member& member : annotations->members) {
    if (!member.key.starts_with(kPrefix) || !member.value.is_scalar()) continue;
    const std::string path = fmt::format("{}[{}]", metadata.path("annotations"), member.key);
    const Annotation* annotation =
        find_annotation(std::string_view(member.key).substr(kPrefix.size()));
    if (annotation == nullptr || !applies) {
      say_not_applied(member, path, applies, report);
      continue;
    }
    const auto entry = read_value(*annotation, member.value.text, lists);
    if (!entry) continue;
    good = false;
    say_bad(member, path, *annotation, *entry, report);
  }
  return good ? lists : CaptureLists{};
}

}  // namespace sm::config
