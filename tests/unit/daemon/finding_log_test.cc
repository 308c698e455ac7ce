// SPDX-License-Identifier: Apache-2.0
#include "daemon/finding_log.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
config::Finding finding(const char* message) {
  config::Finding made;
  made.code = "SM0101";
  made.severity = config::Severity::kWarning;
  made.object = {"VirtualService", "shop", "v", "v.yaml", 1};
  made.message = message;
  return made;
}
}  // namespace

TEST_CASE("daemon: each finding is said once while it lasts, and again when it comes back") {
  FindingLog log;
  const config::Findings both = {finding("one"), finding("two"), finding("one")};
  const auto first = log.take(both);
  REQUIRE(first.appeared.size() == 2);
  CHECK(first.appeared[0]->message == "one");
  CHECK(log.take(both).appeared.empty());
  const auto less = log.take({finding("two")});
  CHECK(less.appeared.empty());
  CHECK(less.gone == 1);
  CHECK(log.take(both).appeared.size() == 1);
}

}  // namespace sm::daemon
