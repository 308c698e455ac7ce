// SPDX-License-Identifier: Apache-2.0
#include "ctl/suggest.h"

#include <doctest/doctest.h>

namespace sm::ctl {

TEST_CASE("ctl: the edit distance counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("status", "status") == 0);
  CHECK(edit_distance("satus", "status") == 1);
  CHECK(edit_distance("statuss", "status") == 1);
  CHECK(edit_distance("stetus", "status") == 1);
  CHECK(edit_distance("sttaus", "status") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("ctl: the nearest word is the one that was meant, or none") {
  const std::vector<std::string_view> words = {"status", "sync", "pods", "proxy-config", "ps"};
  CHECK(nearest("statsu", words) == "status");
  CHECK(nearest("pod", words) == "pods");
  CHECK(nearest("proxy", words) == "proxy-config");
  CHECK(nearest("frobnicate", words).empty());
  CHECK(nearest("x", words).empty());
}

}  // namespace sm::ctl
