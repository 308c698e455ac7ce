// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "config/scalars.h"

namespace sm::config {
namespace {

bool is_upper_or_digit(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t swap = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      row[j] = std::min({above + 1, row[j - 1] + 1, swap});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string words_of(const Field& field) {
  std::string out;
  for (const std::string_view word : field.words) {
    out += (out.empty() ? "" : ", ") + std::string(word);
  }
  return out;
}

struct Expectation {
  std::string what;  // empty: the value is fine
  std::string remedy;
};

Expectation expect(const Node& node, const Field& field) {
  using Kind = Node::Kind;
  switch (field.type) {
    case Type::kString:
      if (node.kind == Kind::kString) return {};
      return {"a string",
              node.is_scalar() ? fmt::format("put quotes around it: \"{}\"", node.text) : ""};
    case Type::kBool:
      return node.kind == Kind::kBool ? Expectation{}
                                      : Expectation{"a boolean", "write true or false"};
    case Type::kInt: {
      const auto value = node.kind == Kind::kInt ? integer_of(node) : std::nullopt;
      if (value && *value >= INT32_MIN && *value <= INT32_MAX) return {};
      return {"an integer", "write a whole number without quotes"};
    }
    case Type::kUint: {
      const auto value = node.kind == Kind::kInt ? integer_of(node) : std::nullopt;
      if (value && *value >= 0 && *value <= UINT32_MAX) return {};
      return {"an integer of 0 or more", "write a whole number without quotes"};
    }
    case Type::kNumber:
      if (node.kind == Kind::kInt || node.kind == Kind::kFloat) return {};
      return {"a number", "write it without quotes"};
    case Type::kDuration:
    case Type::kAnyDuration: {
      const auto value = node.kind == Kind::kString ? parse_duration(node.text) : std::nullopt;
      if (!value) return {"a duration", "write a number with a unit, as \"5s\" or \"250ms\""};
      const bool whole = *value % std::chrono::milliseconds{1} == std::chrono::nanoseconds{0};
      if (field.type == Type::kDuration && (!whole || *value == std::chrono::nanoseconds{0})) {
        return {"a duration of whole milliseconds", "the smallest duration is 1ms"};
      }
      return {};
    }
    case Type::kIntOrString:
      if (node.kind == Kind::kInt || node.kind == Kind::kString) return {};
      return {"a port number or a port name", "write a number, or a name in quotes"};
    case Type::kEnum: {
      // A word may look like a boolean to YAML: `accelerate: off`.
      if ((node.kind == Kind::kString || node.kind == Kind::kBool) &&
          std::find(field.words.begin(), field.words.end(), node.text) != field.words.end()) {
        return {};
      }
      return {"one of " + words_of(field), "write one of these words"};
    }
    case Type::kMessage:
      return node.is_map() ? Expectation{}
                           : Expectation{"a map", "write its fields below it, indented"};
    case Type::kAny:
      return {};
  }
  return {};
}

class Checker {
 public:
  Checker(bool strict, Reporter& report) : x_strict(strict), x_report(report) {}

  void message(const Node& node, const Message& message, const std::string& path) {
    std::vector<const Field*> seen;
    for (const Member& member : node.members) {
      const std::string member_path = path.empty() ? member.key : path + "." + member.key;
      const Field* field = find_field(message, member.key);
      if (field == nullptr) {
        if (!message.open) unknown(message, member, member_path);
        continue;
      }
      if (std::find(seen.begin(), seen.end(), field) != seen.end()) {
        x_report.invalid(member_path, member.mark,
                         fmt::format("{} is given in both spellings", field->name),
                         fmt::format("keep {} only", field->name));
        continue;
      }
      seen.push_back(field);
      // A null is an absent field, as the API server has it.
      if (member.value.is_null()) continue;
      say_support(*field, member, member_path);
      values(member.value, *field, member_path);
    }
    presence(node, message, path);
  }

 private:
  static const Member* given(const Node& node, std::string_view name) {
    for (const Member& member : node.members) {
      if (spells(member.key, name) && !member.value.is_null()) return &member;
    }
    return nullptr;
  }

  void presence(const Node& node, const Message& message, const std::string& path) {
    for (const Field& field : message.fields) {
      if (!field.required || given(node, field.name) != nullptr) continue;
      x_report.invalid(
          path.empty() ? std::string(field.name) : fmt::format("{}.{}", path, field.name),
          node.mark, fmt::format("{} needs {}", message.name, field.name),
          fmt::format("write {}", field.name));
    }
    for (const Exclusive& names : message.exclusive) {
      const Member* first = nullptr;
      for (const std::string_view name : names) {
        const Member* member = given(node, name);
        if (member == nullptr) continue;
        if (first != nullptr) {
          x_report.invalid(path, member->mark,
                           fmt::format("{} and {} exclude each other", first->key, member->key),
                           "keep one of them");
        }
        first = member;
      }
    }
  }

  // How many entries, or bytes.
  void amount(std::size_t size, const Field& field, std::string_view what, const Node& node,
              const std::string& path) {
    if (size < field.least) {
      x_report.invalid(path, node.mark, fmt::format("{} has too few {}", field.name, what),
                       fmt::format("give it {} or more", field.least));
    }
    if (field.most > 0 && size > field.most) {
      x_report.invalid(path, node.mark, fmt::format("{} has too many {}", field.name, what),
                       fmt::format("give it {} at most", field.most));
    }
  }

  void unknown(const Message& message, const Member& member, const std::string& path) {
    const std::string near = nearest_field(message, member.key);
    const std::string remedy = near.empty() ? "remove it" : "did you mean " + near + "?";
    x_report.add(code::kUnknownField, x_strict ? Severity::kError : Severity::kWarning, path,
                 member.mark, fmt::format("unknown field \"{}\" in {}", member.key, message.name),
                 remedy);
  }

  void say_support(const Field& field, const Member& member, const std::string& path) {
    switch (field.support) {
      case Support::kApplied:
      case Support::kNoEffect:
        return;
      case Support::kTuning:
        x_report.not_applied(path, member.mark,
                             fmt::format("{} is not applied by this version", field.name),
                             std::string(field.note));
        return;
      case Support::kRefused:
        x_report.unsupported(path, member.mark,
                             fmt::format("{} is not supported by this version", field.name),
                             std::string(field.note));
        return;
      case Support::kDeprecated:
        x_report.add(code::kDeprecated, Severity::kWarning, path, member.mark,
                     fmt::format("{} is deprecated and has no effect", field.name),
                     std::string(field.note));
        return;
    }
  }

  void values(const Node& node, const Field& field, const std::string& path) {
    if (field.card == Card::kOne) return one(node, field, path);
    if (field.card == Card::kList) {
      if (!node.is_sequence())
        return wrong(node, "a list", "write each entry on a line that starts with \"- \"", path);
      amount(node.items.size(), field, "entries", node, path);
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        one(node.items[i], field, fmt::format("{}[{}]", path, i));
      }
      return;
    }
    if (!node.is_map()) return wrong(node, "a map", "write each entry as key: value", path);
    amount(node.members.size(), field, "entries", node, path);
    for (const Member& member : node.members) one(member.value, field, path + "." + member.key);
  }

  void one(const Node& node, const Field& field, const std::string& path) {
    if (node.is_null() && field.card != Card::kOne) {
      if (field.type == Type::kAny) return;
      return wrong(node, expect(node, field).what, "remove the empty entry", path);
    }
    const Expectation expectation = expect(node, field);
    if (!expectation.what.empty()) return wrong(node, expectation.what, expectation.remedy, path);
    if (field.type == Type::kMessage) message(node, *field.message, path);
    if (field.type == Type::kString && field.card == Card::kOne) {
      amount(node.text.size(), field, "bytes", node, path);
    }
  }

  void wrong(const Node& node, const std::string& expected, const std::string& remedy,
             const std::string& path) {
    const std::string got = node.is_scalar() && !node.is_null() ? fmt::format("\"{}\"", node.text)
                                                                : std::string(to_string(node.kind));
    x_report.invalid(path, node.mark, fmt::format("expected {}, got {}", expected, got), remedy);
  }

  bool x_strict;
  Reporter& x_report;
};

}  // namespace

bool spells(std::string_view key, std::string_view name) {
  std::size_t k = 0;
  for (std::size_t n = 0; n < name.size(); ++n, ++k) {
    if (k >= key.size()) return false;
    if (key[k] == name[n]) continue;
    // proto's name has "_x" where JSON's has "X", and sometimes "_5" for "5".
    if (n == 0 || !is_upper_or_digit(name[n]) || key[k] != '_') return false;
    if (++k >= key.size() || key[k] != lower(name[n])) return false;
  }
  return k == key.size();
}

const Field* find_field(const Message& message, std::string_view key) {
  for (const Field& field : message.fields) {
    if (spells(key, field.name)) return &field;
  }
  return nullptr;
}

std::string nearest_field(const Message& message, std::string_view key) {
  std::string best;
  std::size_t least = std::max<std::size_t>(2, key.size() / 3) + 1;
  if (key.size() > 64) return best;
  for (const Field& field : message.fields) {
    const std::size_t distance = edit_distance(key, field.name);
    if (distance < least) {
      least = distance;
      best = std::string(field.name);
    }
  }
  return best;
}

void check_message(const Node& node, const Message& message, const std::string& path, bool strict,
                   Reporter& report) {
  Checker(strict, report).message(node, message, path);
}

}  // namespace sm::config
