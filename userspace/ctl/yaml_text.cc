// SPDX-License-Identifier: Apache-2.0
#include "ctl/yaml_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace sm::ctl {
namespace {

// Words that some YAML version reads as a boolean or null.
constexpr std::array<std::string_view, 8> kWords = {"true", "false", "yes", "no",
                                                    "on",   "off",   "y",   "n"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Starts with a letter or "/" and holds only characters that mean nothing to YAML there.
bool is_plain(std::string_view text) {
  if (text.empty() || (!is_letter(text.front()) && text.front() != '/')) return false;
  const std::string low = to_lower(text);
  if (low == "null" || std::find(kWords.begin(), kWords.end(), low) != kWords.end()) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("./_-").find(c) != std::string_view::npos;
  });
}

std::string scalar(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    // A JSON string is a YAML double-quoted scalar.
    return is_plain(text) ? text : dump_json(value);
  }
  if (value.is_array()) return "[]";
  if (value.is_object()) return "{}";
  return dump_json(value);
}

bool is_block(const Json& value) { return value.is_structured() && !value.empty(); }

void append(std::string& out, const Json& value, std::size_t indent);

// `value` after "key:" or "-" that already stand in `out`.
void append_item(std::string& out, const Json& value, std::size_t indent, bool in_list) {
  if (!is_block(value)) {
    out += " " + scalar(value) + "\n";
  } else if (in_list) {
    // The first line of the block stands beside the dash.
    std::string block;
    append(block, value, indent);
    out += " " + block.substr(indent);
  } else {
    out += "\n";
    append(out, value, indent);
  }
}

void append(std::string& out, const Json& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  for (const auto& item : value.items()) {
    if (value.is_array()) {
      out += margin + "-";
    } else {
      out += margin + scalar(Json(item.key())) + ":";
    }
    append_item(out, item.value(), indent + 2, value.is_array());
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  if (!is_block(value)) return scalar(value) + "\n";
  std::string out;
  append(out, value, 0);
  return out;
}

}  // namespace sm::ctl
