// SPDX-License-Identifier: Apache-2.0
#include "http/path.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"

namespace sm::http {
namespace {

struct Row {
  PathNormalization level;
  std::string in;
  const char* out;  // nullptr: not canonicalisable
};

constexpr auto kNone = PathNormalization::kNone;
constexpr auto kBase = PathNormalization::kBase;
constexpr auto kMerge = PathNormalization::kMergeSlashes;
constexpr auto kDecode = PathNormalization::kDecodeAndMergeSlashes;

}  // namespace

TEST_CASE("http: paths take their one canonical form") {
  const Row rows[] = {
      {kBase, "/", "/"},
      {kBase, "/a/b?x=/../y#", nullptr},
      {kBase, "/a/b?x=/../%41//\\", "/a/b?x=/../%41//\\"},
      {kBase, "/a/./b/../c", "/a/c"},
      {kBase, "/../../a", "/a"},
      {kBase, "/a/..", "/"},
      {kBase, "/a/b/.", "/a/b/"},
      {kBase, "/a/%2e%2E/b", "/b"},
      {kBase, "/a/.%2e/b", "/b"},
      {kBase, "/a\\..\\b", "/b"},
      {kBase, "/a//b", "/a//b"},
      {kBase, "/a//../b", "/a/b"},
      {kBase, "/%7eme/%41%5f", "/~me/A_"},
      {kBase, "/a%2fb%5Cc", "/a%2fb%5Cc"},
      {kBase, "/%252e%252e/a", "/%252e%252e/a"},
      {kBase, "/.../..a/a..", "/.../..a/a.."},
      {kBase, "/100%", "/100%"},
      {kBase, "/%zz%4", "/%zz%4"},
      {kMerge, "/a///b//", "/a/b/"},
      {kMerge, "/a%2f/b", "/a%2f/b"},
      {kDecode, "/a%2f/b%5c%5Cc", "/a/b/c"},
      {kDecode, "/a%2f..%2fb", "/b"},
      {kNone, "/a/../b//%41\\", "/a/../b//%41\\"},
      {kNone, "/a%00", nullptr},
      {kBase, "/a%00", nullptr},
      {kBase, "/a?b%00", "/a?b%00"},
      {kBase, "/a#b", nullptr},
      {kBase, "a/b", nullptr},
      {kBase, "*", nullptr},
      {kBase, "", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.in);
    const auto out = canonicalise_path(row.in, row.level);
    REQUIRE(out.has_value() == (row.out != nullptr));
    if (out) CHECK(*out == row.out);
  }
  CHECK_FALSE(canonicalise_path(std::string_view("/a\0b", 4), kBase));
  CHECK_FALSE(canonicalise_path(std::string_view("/a?\0b", 5), kNone));
}

TEST_CASE("http: a canonical path is its own canonical path, also behind stray percent signs") {
  for (const char* in :
       {"/%%32%65", "/%%32e", "/%2%35", "/%%%34%31", "/%25%34%31", "/%%30%30", "/a/%%2e%2e/b"}) {
    CAPTURE(in);
    for (const auto level : {kBase, kMerge, kDecode}) {
      const auto once = canonicalise_path(in, level);
      REQUIRE(once);
      CHECK(canonicalise_path(*once, level) == once);
    }
  }
}

TEST_CASE("http: the path without its query") {
  CHECK(path_without_query("/a?b?c") == "/a");
  CHECK(path_without_query("/a") == "/a");
  CHECK(path_without_query("?x").empty());
}

TEST_CASE("http: the normalisation table of the acceptance data, when it is there") {
  std::ifstream file("../shared/acceptance/istio-normalization/path_normalization.json");
  if (!file) {
    MESSAGE("no acceptance data beside this checkout");
    return;
  }
  std::stringstream text;
  text << file.rdbuf();
  const auto rows = parse_json(text.str());
  REQUIRE(rows.ok());
  for (const auto& row : *rows) {
    const std::string level = row["normalization"];
    const auto wanted = level == "NONE"            ? kNone
                        : level == "BASE"          ? kBase
                        : level == "MERGE_SLASHES" ? kMerge
                                                   : kDecode;
    std::string in = row["in"];
    in.resize(std::min(in.find('#'), in.size()));  // the client of this table drops the fragment
    CAPTURE(level);
    CAPTURE(in);
    const auto out = canonicalise_path(in, wanted);
    REQUIRE(out.has_value() != row.contains("status"));
    if (out) CHECK(*out == row["out"].get<std::string>());
  }
}

}  // namespace sm::http
