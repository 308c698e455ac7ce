// SPDX-License-Identifier: Apache-2.0
#include "capture/doctor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

TEST_CASE("capture: doctor checks each thing once and says a remedy exactly for what is not well") {
  std::set<std::string> names;
  for (const auto& check : sm::capture::check_host("", "/sys/fs/bpf/sockmesh")) {
    CHECK_MESSAGE(names.insert(check.name).second, check.name);
    CHECK_MESSAGE(!check.text.empty(), check.name);
    CHECK_MESSAGE(check.ok == check.remedy.empty(), check.name);
  }
  CHECK(names == std::set<std::string>{"kernel", "btf", "capabilities", "cgroup v2", "bpffs",
                                       "socket storage"});
}

TEST_CASE("capture: doctor reports a missing subtree with its remedy") {
  const auto checks = sm::capture::check_host("smt-no-such-subtree", "/sys/fs/bpf/sockmesh");
  const auto found = std::find_if(checks.begin(), checks.end(),
                                  [](const auto& check) { return check.name == "cgroup"; });
  REQUIRE(found != checks.end());
  CHECK(!found->ok);
  CHECK(!found->remedy.empty());
}
