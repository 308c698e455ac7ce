// SPDX-License-Identifier: Apache-2.0
#include "config/scalars.h"

#include <doctest/doctest.h>

#include <string>

#include "base/limits.h"

namespace sm::config {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): unit suffixes

TEST_CASE("config: durations are Go's") {
  const std::pair<const char*, std::chrono::nanoseconds> good[] = {
      {"0", 0ns},   {"1s", 1s},       {"250ms", 250ms}, {"1h30m", 90min}, {"1.5s", 1500ms},
      {"24h", 24h}, {"0.25s", 250ms}, {"1us", 1us},     {"0s", 0s},       {"2m3.5s", 123500ms},
  };
  for (const auto& row : good) {
    const auto& text = row.first;
    const auto& value = row.second;
    CAPTURE(text);
    REQUIRE(parse_duration(text));
    CHECK(*parse_duration(text) == value);
  }
  for (const char* text :
       {"", "1", "s", "-1s", "1d", "1s ", " 1s", "1.s.", "1e3s", "9999999999h", "..5s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("config: integers in each base, and their limits") {
  const auto value = [](const char* text) {
    Node node;
    node.kind = Node::Kind::kInt;
    node.text = text;
    return integer_of(node);
  };
  CHECK(value("80") == 80);
  CHECK(value("-3") == -3);
  CHECK(value("+3") == 3);
  CHECK(value("0x10") == 16);
  CHECK(value("0o17") == 15);
  CHECK_FALSE(value("99999999999999999999"));
  CHECK_FALSE(value("--1"));
}

TEST_CASE("config: names of Kubernetes") {
  CHECK(is_dns_label("v1-a"));
  for (const char* text : {"", "V1", "-a", "a-", "a.b", "a_b"}) {
    CAPTURE(text);
    CHECK_FALSE(is_dns_label(text));
  }
  CHECK_FALSE(is_dns_label(std::string(64, 'a')));
}

TEST_CASE("config: header names, values and label texts") {
  CHECK(is_header_name("x-request-id"));
  CHECK_FALSE(is_header_name(":path"));
  CHECK_FALSE(is_header_name("a b"));
  CHECK_FALSE(is_header_name(""));
  CHECK_FALSE(is_header_value("a\r\nb: c"));
  CHECK(is_label_key("app.kubernetes.io/name"));
  CHECK_FALSE(is_label_key("a/b/c"));
  CHECK(is_label_value(""));
  CHECK_FALSE(is_label_value("a b"));
}

TEST_CASE("config: a regular expression has to compile within its limits") {
  CHECK(regex_problem(".*Firefox.*").empty());
  CHECK_FALSE(regex_problem("*").empty());
  CHECK_FALSE(regex_problem("(?=a)").empty());
  CHECK_FALSE(regex_problem(std::string(kRegexBytesMax + 1, 'a')).empty());
  CHECK_FALSE(regex_problem("((a{1,100}){1,100}){1,100}").empty());
}

}  // namespace
}  // namespace sm::config
