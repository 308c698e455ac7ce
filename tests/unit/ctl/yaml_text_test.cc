// SPDX-License-Identifier: Apache-2.0
#include "ctl/yaml_text.h"

#include <doctest/doctest.h>

namespace sm::ctl {

TEST_CASE("ctl: yaml of nested values is in block style") {
  const Json value{{"node", "node-a"},
                   {"generation", 3},
                   {"pods", Json::array({Json{{"name", "a"}, {"ips", Json::array({"10.0.0.1"})}},
                                         Json{{"name", "b"}, {"ips", Json::array()}}})},
                   {"matrix", Json::array({Json::array({1, 2}), Json::array()})},
                   {"none", nullptr},
                   {"empty", Json::object()}};
  CHECK(to_yaml(value) ==
        "node: node-a\n"
        "generation: 3\n"
        "pods:\n"
        "  - name: a\n"
        "    ips:\n"
        "      - \"10.0.0.1\"\n"
        "  - name: b\n"
        "    ips: []\n"
        "matrix:\n"
        "  - - 1\n"
        "    - 2\n"
        "  - []\n"
        "none: null\n"
        "empty: {}\n");
}

TEST_CASE("ctl: text that YAML could take for something else is quoted") {
  for (const char* text :
       {"",           "yes",  "No", "on", "null", "true", "1",  "1.5", "-",   "- a",  "a: b",
        "a #b",       "*x",   "&x", "!x", "~",    " a",   "a ", "{a}", "[a]", "a\nb", "\"q\"",
        "2001-01-01", "0x1f", "%",  "@x", "`x",   "|",    ">",  "?",   "=",   "<<"}) {
    INFO(text);
    const std::string yaml = to_yaml(Json(text));
    CHECK(yaml.front() == '"');
    CHECK(yaml == dump_json(Json(text)) + "\n");
  }
  CHECK(to_yaml(Json("catalogue.sock-shop.svc")) == "catalogue.sock-shop.svc\n");
  CHECK(to_yaml(Json("/run/netns/x_1")) == "/run/netns/x_1\n");
  CHECK(to_yaml(Json{{"on", 1}}) == "\"on\": 1\n");
}

TEST_CASE("ctl: yaml of a lone value is one line") {
  CHECK(to_yaml(Json::array()) == "[]\n");
  CHECK(to_yaml(Json(false)) == "false\n");
}

}  // namespace sm::ctl
