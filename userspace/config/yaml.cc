// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/limits.h"

namespace sm::config {
namespace {

Mark mark_of(const YAML::Mark& mark) {
  return mark.is_null() ? Mark{} : Mark{mark.line + 1, mark.column + 1};
}

// What a copy of the tree costs, in bytes; counting stops beyond the limit.
std::size_t cost_of(const Node& node) {
  std::size_t cost = sizeof(Node) + node.text.size();
  for (const Node& item : node.items) cost += cost_of(item);
  for (const Member& member : node.members) cost += member.key.size() + cost_of(member.value);
  return cost;
}

// Builds the tree of one document from yaml-cpp's events. A handler cannot stop the parser, so
// after a limit the events are only counted off and the error is kept.
class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp leaves some tokens where they are and makes an empty document of them, for ever.
    if (!mark.is_null() && !x_document_start.is_null() && mark.pos == x_document_start.pos) {
      fail(mark, "content that belongs to no document");
    }
    x_document_start = mark;
    x_document = {};
    x_stack.clear();
    x_anchors.clear();
    x_complete = false;
  }
  void OnDocumentEnd() override { x_complete = true; }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = mark_of(mark);
    close(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = x_anchors.find(anchor);
    if (found == x_anchors.end()) {
      x_document.errors.push_back({mark_of(mark), "an alias inside the value that it stands for"});
      Node node;
      node.mark = mark_of(mark);
      close(std::move(node), 0);
      return;
    }
    // Copies multiply: the budget is for the whole file ("billion laughs").
    x_alias_bytes += found->second.cost;
    if (x_alias_bytes > kYamlAliasBytesMax) return fail(mark, "aliases expand to too much");
    Node node = found->second.node;
    node.mark = mark_of(mark);
    close(std::move(node), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.mark = mark_of(mark);
    node.text = value;
    x_last_scalar = mark;
    x_plain = tag == "?";
    // "?" is a plain scalar, "!" a quoted or block one; a tag of the core schema asks for resolving
    // again.
    const bool resolve = tag == "?" || tag == "tag:yaml.org,2002:int" ||
                         tag == "tag:yaml.org,2002:bool" || tag == "tag:yaml.org,2002:float" ||
                         tag == "tag:yaml.org,2002:null";
    node.kind = resolve ? plain_scalar_kind(value) : Node::Kind::kString;
    close(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kSequence, mark, anchor);
  }
  void OnSequenceEnd() override { close_top(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close_top(); }

  bool complete() const { return x_complete; }
  const std::optional<YamlError>& failure() const { return x_failure; }
  const YAML::Mark& last_scalar() const { return x_last_scalar; }
  YamlDocument take() { return std::move(x_document); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<Node> key;
    bool merge_key = false;
    std::unordered_set<std::string> keys;
    std::vector<Node> merges;
  };
  struct Anchored {
    Node node;
    std::size_t cost = 0;
  };

  void fail(const YAML::Mark& mark, std::string text) {
    if (!x_failure) x_failure = YamlError{mark_of(mark), std::move(text)};
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (x_stack.size() >= kYamlDepthMax)
      fail(mark, "nested deeper than " + std::to_string(kYamlDepthMax) + " levels");
    // After a failure the nesting is still followed, so that ends meet their starts; its content is
    // dropped.
    Frame frame;
    frame.node.kind = kind;
    frame.node.mark = mark_of(mark);
    frame.anchor = anchor;
    x_stack.push_back(std::move(frame));
  }

  void close_top() {
    Frame frame = std::move(x_stack.back());
    x_stack.pop_back();
    merge(frame);
    close(std::move(frame.node), frame.anchor);
  }

  // A finished value goes to where it belongs: an item, a key, the value of the pending key, or the
  // document itself.
  void close(Node node, YAML::anchor_t anchor) {
    if (x_failure) return;
    if (++x_nodes > kYamlNodesMax) {
      x_failure = YamlError{node.mark, "more than " + std::to_string(kYamlNodesMax) + " values"};
      return;
    }
    if (anchor != 0) remember(node, anchor);
    if (x_failure) return;
    if (x_stack.empty()) {
      x_document.root = std::move(node);
      return;
    }
    Frame& top = x_stack.back();
    if (top.node.is_sequence()) {
      top.node.items.push_back(std::move(node));
    } else if (!top.key) {
      if (!node.is_scalar()) x_document.errors.push_back({node.mark, "a key that is no scalar"});
      top.key = std::move(node);
      top.merge_key = x_plain && top.key->text == "<<";  // a quoted one is a name
    } else {
      add_member(top, std::move(node));
    }
  }

  // An anchored value is copied once, and every copy counts.
  void remember(const Node& node, YAML::anchor_t anchor) {
    Anchored anchored{{}, cost_of(node)};
    x_alias_bytes += anchored.cost;
    if (x_alias_bytes > kYamlAliasBytesMax) {
      x_failure = YamlError{node.mark, "anchors hold too much"};
      return;
    }
    anchored.node = node;
    x_anchors.insert_or_assign(anchor, std::move(anchored));
  }

  void add_member(Frame& top, Node value) {
    Node key = std::move(*top.key);
    top.key.reset();
    if (top.merge_key && (value.is_map() || value.is_sequence())) {
      top.merges.push_back(std::move(value));
      return;
    }
    if (!top.keys.insert(key.text).second) {
      x_document.errors.push_back({key.mark, "the key \"" + key.text + "\" appears twice"});
      return;
    }
    // yaml-cpp places an absent value at the next token, which may be lines away.
    if (value.is_null()) value.mark = key.mark;
    top.node.members.push_back(Member{std::move(key.text), key.mark, std::move(value)});
  }

  // `<<`: members that the map does not have itself; the first of several merged maps wins
  // (YAML 1.1 merge type).
  void merge(Frame& frame) {
    for (Node& merged : frame.merges) {
      if (merged.is_map()) {
        merge_from(frame, merged);
      } else {
        for (Node& item : merged.items) {
          if (item.is_map()) merge_from(frame, item);
        }
      }
    }
  }
  static void merge_from(Frame& frame, Node& source) {
    for (Member& member : source.members) {
      if (frame.keys.insert(member.key).second) frame.node.members.push_back(std::move(member));
    }
  }

  YamlDocument x_document;
  std::vector<Frame> x_stack;
  std::unordered_map<YAML::anchor_t, Anchored> x_anchors;
  std::optional<YamlError> x_failure;
  YAML::Mark x_document_start = YAML::Mark::null_mark();
  YAML::Mark x_last_scalar = YAML::Mark::null_mark();
  std::size_t x_nodes = 0;
  std::size_t x_alias_bytes = 0;
  bool x_plain = false;  // the last scalar had no quotes
  bool x_complete = false;
};

// yaml-cpp takes the end of the text for the end of a quoted scalar; only the last scalar can be
// one.
bool is_unterminated(std::string_view text, const YAML::Mark& mark) {
  if (mark.is_null() || static_cast<std::size_t>(mark.pos) >= text.size()) return false;
  const char quote = text[static_cast<std::size_t>(mark.pos)];
  if (quote != '"' && quote != '\'') return false;
  for (std::size_t at = static_cast<std::size_t>(mark.pos) + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      const bool doubled = quote == '\'' && at + 1 < text.size() && text[at + 1] == quote;
      if (!doubled) return false;
      ++at;
    }
  }
  return true;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

Mark mark_of_byte(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(byte - line_start) + 1};
}

}  // namespace

YamlFile parse_yaml(std::string_view text) {
  YamlFile file;
  if (text.size() > kResourceFileBytesMax) {
    file.error =
        YamlError{{1, 1}, "larger than " + std::to_string(kResourceFileBytesMax) + " bytes"};
    return file;
  }
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);  // so that places count in bytes of the text
  if (const std::size_t bad = first_bad_utf8(text); bad != std::string_view::npos) {
    file.error = YamlError{mark_of_byte(text, bad), "a byte that is not UTF-8"};
    return file;
  }
  // YAML 1.2.2 section 5.1; yaml-cpp would guess from NULs that the text is UTF-16 or UTF-32.
  const auto control = std::find_if(text.begin(), text.end(), is_control);
  if (control != text.end()) {
    file.error = YamlError{mark_of_byte(text, static_cast<std::size_t>(control - text.begin())),
                           "a control character"};
    return file;
  }
  TreeBuilder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
      if (builder.failure()) break;
      if (!builder.complete()) break;
      YamlDocument document = builder.take();
      if (!document.root.is_null() || !document.errors.empty()) {
        file.documents.push_back(std::move(document));
      }
    }
    if (builder.failure()) {
      file.error = builder.failure();
    } else if (is_unterminated(text, builder.last_scalar())) {
      file.error = YamlError{mark_of(builder.last_scalar()), "a quote that is not closed"};
    }
  } catch (const YAML::Exception& error) {
    // A limit is the earlier and the better reason.
    file.error = builder.failure() ? *builder.failure() : YamlError{mark_of(error.mark), error.msg};
  }
  return file;
}

}  // namespace sm::config
