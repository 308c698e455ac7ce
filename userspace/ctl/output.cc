// SPDX-License-Identifier: Apache-2.0
#include "ctl/output.h"

#include <string>

#include "ctl/yaml_text.h"

namespace sm::ctl {

std::optional<Format> parse_format(std::string_view text) {
  if (text == "table") return Format::kTable;
  if (text == "json") return Format::kJson;
  if (text == "yaml") return Format::kYaml;
  return std::nullopt;
}

bool print_value(Console& console, Format format, const Json& value) {
  if (format == Format::kTable) return false;
  console.out(format == Format::kJson ? dump_json(value, 2) + "\n" : to_yaml(value));
  return true;
}

int fail(Console& console, Format format, const Error& error, int exit_code) {
  std::string text = "sockmeshctl: " + error.text + ".\n";
  if (!error.remedy.empty()) text += "  remedy: " + error.remedy + "\n";
  console.err(text);
  print_value(console, format,
              Json{{"error", Json{{"text", error.text}, {"remedy", error.remedy}}}});
  return exit_code;
}

}  // namespace sm::ctl
