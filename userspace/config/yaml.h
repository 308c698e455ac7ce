// SPDX-License-Identifier: Apache-2.0
// YAML and JSON texts as one kind of tree whose every key and value knows its place. yaml-cpp is
// behind the YAML half, and its exceptions end in yaml.cc. Values; any thread.
//
// Scalars have the kinds of YAML 1.2's core schema, and yes/no/on/off are booleans too, because
// Kubernetes' tools read them so. Quoted scalars are strings. Aliases are copied out, merge keys
// (`<<`) merged; both within limits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/mark.h"

namespace sm::config {

struct Member;

struct Node {
  enum class Kind : unsigned char { kNull, kBool, kInt, kFloat, kString, kSequence, kMap };
  Kind kind = Kind::kNull;
  std::string text;             // of a scalar, as written (without its quotes)
  Mark mark;                    // where the value starts
  std::vector<Member> members;  // kMap, in the order written; keys are unique
  std::vector<Node> items;      // kSequence

  bool is_null() const { return kind == Kind::kNull; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_scalar() const { return !is_map() && !is_sequence(); }
  // The value of a key, nullptr when this is no map or has no such key. The pointer lives as long
  // as the tree is unchanged.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  // Sets or appends a key.
  Node& set(std::string key, Node value);
};

struct Member {
  std::string key;
  Mark mark;  // of the key
  Node value;
};

Node string_node(std::string text);
Node map_node();
// Same kinds, texts, keys and order; places do not count.
bool same_tree(const Node& a, const Node& b);
std::string_view to_string(Node::Kind kind);  // "an integer", for messages

struct YamlError {
  Mark mark;
  std::string text;
};

struct YamlDocument {
  Node root;
  std::vector<YamlError>
      errors;  // of this document alone: a duplicate key, a key that is no scalar, an unknown alias
};

struct YamlFile {
  std::vector<YamlDocument> documents;  // empty documents are left out
  std::optional<YamlError>
      error;  // the text stops being YAML here, or a limit is reached: documents are incomplete
};

// Limits: kResourceFileBytesMax, kYamlDepthMax, kYamlNodesMax, kYamlAliasBytesMax.
YamlFile parse_yaml(std::string_view text);
// Strict RFC 8259, one document, the same limits and the same tree.
YamlFile parse_json_tree(std::string_view text);

// Where the text stops being UTF-8 (RFC 3629: shortest forms, no surrogates); npos when it is UTF-8
// to its end.
std::size_t first_bad_utf8(std::string_view text);
// The kind that a plain (unquoted) scalar has.
Node::Kind plain_scalar_kind(std::string_view text);
// YAML in block style that parses to the same tree (comments and anchors are gone).
std::string dump_yaml(const Node& node);

}  // namespace sm::config
