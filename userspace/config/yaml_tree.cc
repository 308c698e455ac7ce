// SPDX-License-Identifier: Apache-2.0
// The tree itself: look-ups, scalar kinds, and writing it as YAML.
#include <algorithm>

#include "base/json.h"
#include "config/yaml.h"

namespace sm::config {
namespace {

bool all_of(std::string_view text, bool (*test)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::size_t count_digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

bool is_float(std::string_view text) {
  if (text == ".inf" || text == ".Inf" || text == ".INF") return true;
  const std::size_t whole = count_digits(text);
  text.remove_prefix(whole);
  std::size_t fraction = 0;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    fraction = count_digits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  return all_of(text, is_digit);
}

// A string may stand without quotes when nothing in it means something to YAML: only names,
// versions, paths, images.
bool is_safe_plain(std::string_view text) {
  if (text.empty() || plain_scalar_kind(text) != Node::Kind::kString) return false;
  const auto letter = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  if (!letter(text.front()) && text.front() != '/') return false;
  return std::all_of(text.begin(), text.end(), [&letter](char c) {
    return letter(c) || c == '.' || c == '_' || c == '-' || c == '/';
  });
}

std::string scalar_text(const Node& node) {
  if (node.kind == Node::Kind::kNull) return "null";
  if (node.kind != Node::Kind::kString || is_safe_plain(node.text)) return node.text;
  // Every JSON string is a double-quoted YAML scalar, but for DEL, which JSON has as it is and YAML
  // only escaped.
  std::string quoted = dump_json(Json(node.text));
  for (std::size_t at = quoted.find('\x7f'); at != std::string::npos;
       at = quoted.find('\x7f', at)) {
    quoted.replace(at, 1, "\\x7f");
  }
  return quoted;
}

std::string key_text(const std::string& key) { return scalar_text(string_node(key)); }

void write_block(const Node& node, std::size_t indent, std::string& out);

// After "key:" or "-": a scalar or an empty container on the same line, anything else below.
void write_value(const Node& node, std::size_t indent, std::string& out) {
  if (node.is_scalar()) {
    out += " " + scalar_text(node) + "\n";
  } else if (node.is_map() && node.members.empty()) {
    out += " {}\n";
  } else if (node.is_sequence() && node.items.empty()) {
    out += " []\n";
  } else {
    out += "\n";
    write_block(node, indent, out);
  }
}

void write_block(const Node& node, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  for (const Member& member : node.members) {
    // A long key would need YAML's "? " form; yaml-cpp, as the specification, takes 1024 characters
    // for an implicit key.
    if (member.key.size() > 500) {
      out += margin + "? " + key_text(member.key) + "\n" + margin + ":";
    } else {
      out += margin + key_text(member.key) + ":";
    }
    write_value(member.value, indent + 2, out);
  }
  for (const Node& item : node.items) {
    if (item.is_map() && !item.members.empty()) {
      // The first key on the line of the dash, as people write it.
      std::string block;
      write_block(item, indent + 2, block);
      out += margin + "- " + block.substr(indent + 2);
    } else {
      out += margin + "-";
      write_value(item, indent + 2, out);
    }
  }
}

// Bytes of the sequence that starts the text; 0 when it is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return 0;
  }
  // Longer forms than needed, surrogates, and what lies beyond U+10FFFF.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return size;
}

}  // namespace

std::size_t first_bad_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_sequence(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return std::string_view::npos;
}

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  for (Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node& Node::set(std::string key, Node value) {
  if (Node* present = find(key)) {
    *present = std::move(value);
    return *present;
  }
  members.push_back(Member{std::move(key), {}, std::move(value)});
  return members.back().value;
}

Node string_node(std::string text) {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = std::move(text);
  return node;
}

Node map_node() {
  Node node;
  node.kind = Node::Kind::kMap;
  return node;
}

bool same_tree(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.members.size() != b.members.size() ||
      a.items.size() != b.items.size()) {
    return false;
  }
  if (a.kind != Node::Kind::kNull && a.text != b.text) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same_tree(a.items[i], b.items[i])) return false;
  }
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    if (a.members[i].key != b.members[i].key) return false;
    if (!same_tree(a.members[i].value, b.members[i].value)) return false;
  }
  return true;
}

std::string_view to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kBool:
      return "a boolean";
    case Node::Kind::kInt:
      return "an integer";
    case Node::Kind::kFloat:
      return "a number";
    case Node::Kind::kString:
      return "a string";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  return "a value";
}

Node::Kind plain_scalar_kind(std::string_view text) {
  static constexpr std::string_view kNulls[] = {"", "~", "null", "Null", "NULL"};
  static constexpr std::string_view kBools[] = {"true", "True", "TRUE", "false", "False", "FALSE",
                                                "yes",  "Yes",  "YES",  "no",    "No",    "NO",
                                                "on",   "On",   "ON",   "off",   "Off",   "OFF"};
  if (std::find(std::begin(kNulls), std::end(kNulls), text) != std::end(kNulls)) {
    return Node::Kind::kNull;
  }
  if (std::find(std::begin(kBools), std::end(kBools), text) != std::end(kBools)) {
    return Node::Kind::kBool;
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return Node::Kind::kFloat;
  std::string_view digits = text;
  if (digits.front() == '-' || digits.front() == '+') digits.remove_prefix(1);
  if (all_of(digits, is_digit)) return Node::Kind::kInt;
  if (digits.size() > 2 && digits.front() == '0') {
    if (digits[1] == 'x' && all_of(digits.substr(2), is_hex)) return Node::Kind::kInt;
    if (digits[1] == 'o' && all_of(digits.substr(2), is_octal)) return Node::Kind::kInt;
  }
  return is_float(digits) ? Node::Kind::kFloat : Node::Kind::kString;
}

std::string dump_yaml(const Node& node) {
  std::string out;
  if (node.is_scalar()) return scalar_text(node) + "\n";
  if (node.members.empty() && node.items.empty()) return node.is_map() ? "{}\n" : "[]\n";
  write_block(node, 0, out);
  return out;
}

}  // namespace sm::config
