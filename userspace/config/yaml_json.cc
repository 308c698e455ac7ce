// SPDX-License-Identifier: Apache-2.0
// JSON into the same tree as YAML. base/json judges the text (strictly); a second walk over a text
// that is known to be JSON adds what that library does not tell: places, and duplicate keys.
#include <unordered_set>

#include "base/json.h"
#include "base/limits.h"
#include "config/yaml.h"

namespace sm::config {
namespace {

class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : x_text(text) {}

  YamlDocument walk() {
    blanks();
    x_document.root = value();
    return std::move(x_document);
  }
  bool too_many() const { return x_nodes > kYamlNodesMax; }

 private:
  char peek() const { return x_at < x_text.size() ? x_text[x_at] : '\0'; }
  void next() {
    if (peek() == '\n') {
      ++x_line;
      x_line_start = x_at + 1;
    }
    ++x_at;
  }
  void blanks() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') next();
  }
  Mark here() const { return {x_line, static_cast<int>(x_at - x_line_start) + 1}; }

  Node value() {
    Node node;
    node.mark = here();
    ++x_nodes;
    if (peek() == '{') {
      object(node);
    } else if (peek() == '[') {
      array(node);
    } else if (peek() == '"') {
      node.kind = Node::Kind::kString;
      node.text = string();
    } else {
      const std::size_t start = x_at;
      while (x_at < x_text.size() &&
             std::string_view(",]} \n\t\r").find(peek()) == std::string_view::npos)
        next();
      node.text = std::string(x_text.substr(start, x_at - start));
      node.kind = plain_scalar_kind(node.text);
      if (node.is_null()) node.text.clear();
    }
    return node;
  }

  std::string string() {
    const std::size_t start = x_at;
    bool escaped = false;
    for (next(); peek() != '"' && x_at < x_text.size(); next()) {
      if (peek() == '\\') {
        escaped = true;
        next();
      }
    }
    next();
    const std::string_view quoted = x_text.substr(start, x_at - start);
    if (!escaped) return std::string(quoted.substr(1, quoted.size() - 2));
    Result<Json> decoded = parse_json(quoted);
    return decoded && decoded->is_string() ? decoded->get<std::string>() : std::string();
  }

  void object(Node& node) {
    node.kind = Node::Kind::kMap;
    std::unordered_set<std::string> keys;
    for (next(), blanks(); peek() == '"'; blanks()) {
      Member member;
      member.mark = here();
      member.key = string();
      blanks();
      next();  // the colon
      blanks();
      member.value = value();
      if (keys.insert(member.key).second) {
        node.members.push_back(std::move(member));
      } else {
        x_document.errors.push_back({member.mark, "the key \"" + member.key + "\" appears twice"});
      }
      blanks();
      if (peek() != ',') break;
      next();
    }
    next();  // the brace
  }

  void array(Node& node) {
    node.kind = Node::Kind::kSequence;
    next();
    for (blanks(); peek() != ']' && x_at < x_text.size(); blanks()) {
      node.items.push_back(value());
      blanks();
      if (peek() == ',') next();
    }
    next();  // the bracket
  }

  std::string_view x_text;
  std::size_t x_at = 0;
  std::size_t x_line_start = 0;
  int x_line = 1;
  std::size_t x_nodes = 0;
  YamlDocument x_document;
};

// "not JSON at byte N" with the byte as a place.
Mark mark_of_byte(std::string_view text, std::size_t byte) {
  Mark mark{1, 1};
  for (std::size_t i = 0; i + 1 < byte && i < text.size(); ++i) {
    mark.column = text[i] == '\n' ? 1 : mark.column + 1;
    if (text[i] == '\n') ++mark.line;
  }
  return mark;
}

}  // namespace

YamlFile parse_json_tree(std::string_view text) {
  YamlFile file;
  if (text.size() > kResourceFileBytesMax) {
    file.error =
        YamlError{{1, 1}, "larger than " + std::to_string(kResourceFileBytesMax) + " bytes"};
    return file;
  }
  const Result<Json> strict = parse_json(text);
  if (!strict) {
    const std::string& why = strict.error().text;
    const std::size_t digits = why.find_last_not_of("0123456789");
    std::size_t byte = 0;
    for (std::size_t i = digits + 1; i < why.size() && byte < text.size(); ++i) {
      byte = byte * 10 + static_cast<std::size_t>(why[i] - '0');
    }
    file.error = YamlError{mark_of_byte(text, byte), why};
    return file;
  }
  JsonWalk walk(text);
  YamlDocument document = walk.walk();
  if (walk.too_many()) {
    file.error = YamlError{{1, 1}, "more than " + std::to_string(kYamlNodesMax) + " values"};
    return file;
  }
  file.documents.push_back(std::move(document));
  return file;
}

}  // namespace sm::config
