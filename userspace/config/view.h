// SPDX-License-Identifier: Apache-2.0
// View: reads one message of a checked tree by field name, whichever spelling the file has. What is
// absent or ill-typed (the checker has said so already) reads as absent. A name that the message's
// table lacks is a bug and asserts. Borrows the tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/kube.h"
#include "config/schema.h"

namespace sm::config {

class View {
 public:
  View(const Node& node, const Message& message, std::string path)
      : x_node(&node), x_message(&message), x_path(std::move(path)) {}

  const std::string& path() const { return x_path; }
  std::string path(std::string_view name) const;
  Mark mark() const { return x_node->mark; }
  // Of the key, or of this message when the field is absent: where "X is required" points at.
  Mark mark(std::string_view name) const;
  const Node& node() const { return *x_node; }

  // Present and not null, whatever its type.
  bool has(std::string_view name) const { return raw(name) != nullptr; }
  // Present and empty or not: list and map entries; 0 when absent.
  std::size_t size(std::string_view name) const;
  const Node* raw(std::string_view name) const;

  std::string text(std::string_view name) const;  // "" when absent
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<double> number(std::string_view name) const;
  bool flag(std::string_view name, bool otherwise = false) const;
  std::vector<std::string> texts(std::string_view name) const;
  // String entries of a list with their places.
  std::vector<std::pair<std::string, Mark>> marked_texts(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> pairs(
      std::string_view name) const;  // a map of strings, in its order
  Labels labels(std::string_view name) const;

  std::optional<View> child(std::string_view name) const;
  std::vector<View> list(
      std::string_view name) const;  // entries that are maps; null entries read as empty maps
  std::vector<std::pair<std::string, View>> map(std::string_view name) const;

 private:
  const Field& field(std::string_view name) const;
  const Member* member(std::string_view name) const;

  const Node* x_node;
  const Message* x_message;
  std::string x_path;
};

}  // namespace sm::config
