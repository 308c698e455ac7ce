// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <doctest/doctest.h>

#include <string>

#include "base/limits.h"

namespace sm::config {
namespace {

const Node& root(const YamlFile& file) {
  REQUIRE_FALSE(file.error);
  REQUIRE(file.documents.size() == 1);
  return file.documents.front().root;
}

TEST_CASE("config: plain scalars have the kinds that Kubernetes' tools give them") {
  using Kind = Node::Kind;
  const std::pair<const char*, Kind> rows[] = {
      {"~", Kind::kNull},     {"null", Kind::kNull},       {"true", Kind::kBool},
      {"yes", Kind::kBool},   {"Off", Kind::kBool},        {"y", Kind::kString},
      {"n", Kind::kString},   {"0", Kind::kInt},           {"-12", Kind::kInt},
      {"0x1F", Kind::kInt},   {"0o17", Kind::kInt},        {"1.5", Kind::kFloat},
      {"1e3", Kind::kFloat},  {".inf", Kind::kFloat},      {"1.2.3", Kind::kString},
      {"v1", Kind::kString},  {"10.0.0.1", Kind::kString}, {"5s", Kind::kString},
      {".", Kind::kString},   {"-", Kind::kString},        {"2026-01-02T03:04:05Z", Kind::kString},
      {"tru", Kind::kString}, {"0x", Kind::kString},
  };
  for (const auto& row : rows) {
    const auto& text = row.first;
    const auto& kind = row.second;
    CAPTURE(text);
    CHECK(plain_scalar_kind(text) == kind);
  }
}

TEST_CASE("config: a quoted scalar is a string, a tag of the core schema resolves again") {
  const YamlFile file =
      parse_yaml("a: \"80\"\nb: 'true'\nc: |\n  12\nd: !!str 80\ne: !!int \"80\"\n");
  const Node& map = root(file);
  for (const char* key : {"a", "b", "c", "d"}) {
    CAPTURE(key);
    CHECK(map.find(key)->kind == Node::Kind::kString);
  }
  CHECK(map.find("e")->kind == Node::Kind::kInt);
}

TEST_CASE("config: every key and value of YAML knows its line and column") {
  const YamlFile file = parse_yaml("a:\n  - b: 1\n    c:\nd: {e: f}\n");
  const Node& map = root(file);
  CHECK(map.members[0].mark.line == 1);
  CHECK(map.members[1].mark.line == 4);
  const Node& item = map.find("a")->items.at(0);
  CHECK(item.members[0].mark.line == 2);
  CHECK(item.members[0].mark.column == 5);
  CHECK(item.members[0].value.mark.column == 8);
  // An absent value is where its key is, not at the next token.
  CHECK(item.members[1].value.mark.line == 3);
  CHECK(map.find("d")->find("e")->mark.column == 8);
}

TEST_CASE("config: several documents, the empty ones left out") {
  const YamlFile file = parse_yaml("# nothing\n---\na: 1\n---\n---\nb: 2\n...\n");
  REQUIRE_FALSE(file.error);
  REQUIRE(file.documents.size() == 2);
  CHECK(file.documents[1].root.mark.line == 6);
  CHECK(parse_yaml("").documents.empty());
}

TEST_CASE("config: a text that is no YAML is one error with its place") {
  for (const std::string text : {"kind: [\n", "a: b: c\n", "a: \"x\n", "a: 'it''s\n", "a: \"x\\\"",
                                 "b: \"\xc3\xa9\"\na: \"x", "\t- a\n", "a: *nowhere\n"}) {
    CAPTURE(text);
    const YamlFile file = parse_yaml(text);
    REQUIRE(file.error);
    CHECK(file.error->mark.line >= 1);
    CHECK_FALSE(file.error->text.empty());
  }
}

TEST_CASE("config: control characters are no YAML, an escape may name them") {
  for (const char control : {'\0', '\1', '\x7f', '\x1b'}) {
    CHECK(parse_yaml(std::string("a: b") + control).error);
  }
  const std::string text = "a: \"\\e\\x01\"\r\nb:\tc\n";
  CHECK(root(parse_yaml(text)).find("a")->text == "\x1b\x01");
  // JSON allows DEL as it is; written as YAML it has to be escaped.
  const YamlFile json = parse_json_tree("{\"a\": \"x\x7f\"}");
  CHECK(same_tree(root(json), root(parse_yaml(dump_yaml(root(json))))));
}

TEST_CASE("config: a lone comma, of which yaml-cpp never sees the end, is an error") {
  for (const std::string text : {",", "a: 1\n---\n,"}) CHECK(parse_yaml(text).error);
}

TEST_CASE("config: a text that is not UTF-8 is an error where it stops being so") {
  for (const std::string bad :
       {"\xff", "\xe9n", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    const YamlFile file = parse_yaml("a: 1\nb: x" + bad);
    REQUIRE(file.error);
    CHECK(file.error->mark.line == 2);
    CHECK(file.error->mark.column == 5);
  }
  for (const std::string good : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x99\x82"}) {
    CHECK(parse_yaml("b: x" + good).documents.at(0).root.find("b")->text == "x" + good);
  }
  CHECK(parse_yaml("a: \"\\ud800\"").error);
}

TEST_CASE("config: a duplicate key is an error of its document alone") {
  const YamlFile file = parse_yaml("a: 1\nb:\n  c: 1\n  c: 2\n---\na: 1\n");
  REQUIRE_FALSE(file.error);
  REQUIRE(file.documents.size() == 2);
  REQUIRE(file.documents[0].errors.size() == 1);
  CHECK(file.documents[0].errors[0].mark.line == 4);
  CHECK(file.documents[0].errors[0].mark.column == 3);
  CHECK(file.documents[1].errors.empty());
}

TEST_CASE("config: aliases are copied out and merge keys merged") {
  const YamlFile file = parse_yaml("base: &b {x: 1, y: 2}\nuse: *b\nmore:\n  <<: *b\n  y: 3\n");
  const Node& map = root(file);
  CHECK(map.find("use")->find("y")->text == "2");
  CHECK(map.find("more")->find("x")->text == "1");
  CHECK(map.find("more")->find("y")->text == "3");
  CHECK(root(parse_yaml("\"<<\": {x: 1}\n")).find("<<") != nullptr);
}

TEST_CASE("config: aliases that multiply, deep nesting and large texts end at their limits") {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 8; ++j) laughs += ", " + before;
    laughs += "]\n";
  }
  CHECK(parse_yaml(laughs).error);
  const std::size_t deep = kYamlDepthMax + 1;
  CHECK(parse_yaml(std::string(deep, '[') + std::string(deep, ']')).error);
  CHECK_FALSE(parse_yaml(std::string(kYamlDepthMax, '[') + std::string(kYamlDepthMax, ']')).error);
  CHECK(parse_yaml(std::string(10000, '[')).error);
  CHECK(parse_yaml(std::string(kResourceFileBytesMax + 1, ' ')).error);
  CHECK(parse_json_tree(std::string(deep + 1, '[') + std::string(deep + 1, ']')).error);
}

TEST_CASE("config: an alias inside the value that it stands for is refused") {
  const YamlFile file = parse_yaml("a: &x [1, *x]\n");
  const bool refused = file.error || !file.documents.at(0).errors.empty();
  CHECK(refused);
}

TEST_CASE("config: JSON ends in the same tree, with places") {
  const std::string json =
      "{\n  \"a\": [1, \"1\", true, null],\n  \"b\": {\"c\": \"x\\u00e9\\n\"}\n}";
  const YamlFile file = parse_json_tree(json);
  const Node& map = root(file);
  const YamlFile yaml = parse_yaml("a: [1, \"1\", true, ~]\nb: {c: \"x\xc3\xa9\\n\"}\n");
  CHECK(same_tree(map, root(yaml)));
  CHECK(map.members[1].mark.line == 3);
  CHECK(map.members[1].mark.column == 3);
  CHECK(map.find("a")->items[1].mark.column == 12);
}

TEST_CASE("config: JSON is strict, and its duplicate keys are seen") {
  for (const char* text : {"{\"a\": tru}", "{\"a\": 1e999}", "{\"a\": 1,}", "{a: 1}",
                           "{\"a\": \"\\ud800\"}", "[1] 2"}) {
    CAPTURE(text);
    CHECK(parse_json_tree(text).error);
  }
  const YamlFile broken = parse_json_tree("{\n \"a\": 1,\n \"b\" 2}");
  REQUIRE(broken.error);
  CHECK(broken.error->mark.line == 3);
  const YamlFile twice = parse_json_tree("{\"a\": 1, \"a\": 2}");
  REQUIRE_FALSE(twice.error);
  CHECK(twice.documents.at(0).errors.size() == 1);
}

TEST_CASE("config: a tree written as YAML parses to the same tree") {
  const std::string text =
      "a: 1\nb: \"1\"\nc: [x, {y: z, w: []}, [1, [2]], {}]\n\"k: k\": \"line\\nbreak\\t\"\n"
      "d: ~\ne: \"\"\nf: \"yes\"\ng: \" lead\"\nh: \"#no\"\ni: {j: {k: [{l: m}]}}\n\"\": x\n";
  const YamlFile once = parse_yaml(text);
  const YamlFile again = parse_yaml(dump_yaml(root(once)));
  CHECK(same_tree(root(once), root(again)));
  CHECK(dump_yaml(root(again)) == dump_yaml(root(once)));
}

}  // namespace
}  // namespace sm::config
