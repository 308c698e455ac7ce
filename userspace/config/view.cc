// SPDX-License-Identifier: Apache-2.0
#include "config/view.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "config/scalars.h"

namespace sm::config {
namespace {

// What an empty list entry stands for.
const Node& empty_map() {
  static const Node kEmpty = map_node();
  return kEmpty;
}

}  // namespace

std::string View::path(std::string_view name) const {
  const Member* found = member(name);
  const std::string_view spelling = found != nullptr ? std::string_view(found->key) : name;
  return x_path.empty() ? std::string(spelling) : fmt::format("{}.{}", x_path, spelling);
}

Mark View::mark(std::string_view name) const {
  const Member* found = member(name);
  return found != nullptr ? found->mark : x_node->mark;
}

const Field& View::field(std::string_view name) const {
  for (const Field& field : x_message->fields) {
    if (field.name == name) return field;
  }
  const bool reader_knows_its_table = false;
  SM_ASSERT(reader_knows_its_table);
  return x_message->fields.front();
}

const Member* View::member(std::string_view name) const {
  const std::string_view known = field(name).name;
  for (const Member& member : x_node->members) {
    if (spells(member.key, known)) return &member;
  }
  return nullptr;
}

const Node* View::raw(std::string_view name) const {
  const Member* found = member(name);
  return found == nullptr || found->value.is_null() ? nullptr : &found->value;
}

std::size_t View::size(std::string_view name) const {
  const Node* value = raw(name);
  return value == nullptr ? 0 : value->items.size() + value->members.size();
}

std::string View::text(std::string_view name) const {
  const Node* value = raw(name);
  return value != nullptr && value->is_scalar() ? value->text : std::string();
}

std::optional<std::int64_t> View::integer(std::string_view name) const {
  const Node* value = raw(name);
  return value == nullptr ? std::nullopt : integer_of(*value);
}

std::optional<double> View::number(std::string_view name) const {
  const Node* value = raw(name);
  return value == nullptr ? std::nullopt : number_of(*value);
}

bool View::flag(std::string_view name, bool otherwise) const {
  const Node* value = raw(name);
  return value != nullptr && value->kind == Node::Kind::kBool ? truth_of(*value) : otherwise;
}

std::vector<std::string> View::texts(std::string_view name) const {
  std::vector<std::string> out;
  for (auto& [text, mark] : marked_texts(name)) out.push_back(std::move(text));
  return out;
}

std::vector<std::pair<std::string, Mark>> View::marked_texts(std::string_view name) const {
  std::vector<std::pair<std::string, Mark>> out;
  const Node* value = raw(name);
  if (value == nullptr) return out;
  for (const Node& item : value->items) {
    if (item.is_scalar() && !item.is_null()) out.emplace_back(item.text, item.mark);
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> View::pairs(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> out;
  const Node* value = raw(name);
  if (value == nullptr) return out;
  for (const Member& member : value->members) {
    if (member.value.is_scalar()) out.emplace_back(member.key, member.value.text);
  }
  return out;
}

Labels View::labels(std::string_view name) const {
  Labels out;
  for (auto& [key, value] : pairs(name)) out.emplace(key, value);
  return out;
}

std::optional<View> View::child(std::string_view name) const {
  const Node* value = raw(name);
  if (value == nullptr || !value->is_map()) return std::nullopt;
  return View(*value, *field(name).message, path(name));
}

std::vector<View> View::list(std::string_view name) const {
  std::vector<View> out;
  const Node* value = raw(name);
  if (value == nullptr) return out;
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    const Node& item = value->items[i];
    if (!item.is_map() && !item.is_null()) continue;
    out.emplace_back(item.is_map() ? item : empty_map(), *field(name).message,
                     fmt::format("{}[{}]", path(name), i));
  }
  return out;
}

std::vector<std::pair<std::string, View>> View::map(std::string_view name) const {
  std::vector<std::pair<std::string, View>> out;
  const Node* value = raw(name);
  if (value == nullptr) return out;
  for (const Member& member : value->members) {
    const Node& entry = member.value;
    if (!entry.is_map() && !entry.is_null()) continue;
    out.emplace_back(member.key, View(entry.is_map() ? entry : empty_map(), *field(name).message,
                                      path(name) + "." + member.key));
  }
  return out;
}

}  // namespace sm::config
