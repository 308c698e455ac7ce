// SPDX-License-Identifier: Apache-2.0
#include "capture/node_cgroup.h"

#include <doctest/doctest.h>

#include <string>

using sm::capture::Cgroup;
using sm::capture::is_below;
using sm::capture::open_subtree;

TEST_CASE(
    "capture: the root of the hierarchy and paths that leave it are refused as a pods' subtree") {
  REQUIRE(sm::capture::cgroup2_root().ok());
  for (const char* text : {"", "/", ".", "kubepods/../..", "../x", ".."}) {
    const auto subtree = open_subtree(text);
    REQUIRE_MESSAGE(!subtree.ok(), text);
    CHECK_MESSAGE(subtree.error().code == sm::ErrorCode::kInvalid, text);
    CHECK(!subtree.error().remedy.empty());
  }
}

TEST_CASE("capture: a subtree that does not exist is an error that says how to make it") {
  const auto root = sm::capture::cgroup2_root();
  REQUIRE(root.ok());
  const auto subtree = open_subtree("smt-no-such-subtree/x");
  REQUIRE(!subtree.ok());
  CHECK(subtree.error().code == sm::ErrorCode::kNotFound);
  CHECK(subtree.error().remedy.find("mkdir -p " + *root + "/smt-no-such-subtree/x") !=
        std::string::npos);
}

TEST_CASE("capture: below means the same directory or a child of it, not a longer name") {
  const auto root = sm::capture::cgroup2_root();
  REQUIRE(root.ok());
  Cgroup subtree;
  subtree.path = *root + "/lab/node-a";
  CHECK(is_below(subtree, "lab/node-a"));
  CHECK(is_below(subtree, "/lab/node-a/p1"));
  CHECK(is_below(subtree, *root + "/lab/node-a/p1"));
  CHECK(!is_below(subtree, "lab/node-ab"));
  CHECK(!is_below(subtree, *root + "/lab/node-ab/p1"));
  CHECK(!is_below(subtree, "lab"));
  CHECK(!is_below(subtree, "/"));
}
