// SPDX-License-Identifier: Apache-2.0
#include "http/authority.h"

#include <doctest/doctest.h>

namespace sm::http {

TEST_CASE("http: Host takes a name or an address, and a port") {
  for (const char* good : {"a", "a.b.c", "A-b_c.example", "10.0.0.1", "10.0.0.1:80",
                           "catalogue:8080", "[::1]", "[fd00::1]:443", "a:65535"}) {
    CAPTURE(good);
    CHECK(is_valid_authority(good));
  }
  for (const char* bad :
       {"",      ":80",     "user@a", "a/b",        "a b",  "a:b",         "a:65536",
        "a:",    "a:80:80", "[::1",   "[10.0.0.1]", "[]",   "[::1]x",      "[::1]:x",
        "a,b c", "a#b",     "a?b",    "a\\b",       "a\tb", "caf\xc3\xa9", "a%41"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_authority(bad));
  }
}

TEST_CASE("http: a request target has one of four forms") {
  CHECK(split_target("/a?b").form == TargetForm::kOrigin);
  CHECK(split_target("*").form == TargetForm::kAsterisk);
  const Target absolute = split_target("HTTP://h:80/p?q");
  CHECK(absolute.form == TargetForm::kAbsolute);
  CHECK(absolute.authority == "h:80");
  CHECK(absolute.path == "/p?q");
  CHECK(split_target("http://h").path.empty());
  CHECK(split_target("http://h?q").authority == "h");
  CHECK(split_target("https://h/").form == TargetForm::kAbsoluteTls);
  for (const char* bad : {"", "a/b", "ftp://h/", "**", "http:/h", "/a b", "/caf\xc3\xa9", "/a\t"}) {
    CAPTURE(bad);
    CHECK(split_target(bad).form == TargetForm::kBad);
  }
}

}  // namespace sm::http
