// SPDX-License-Identifier: Apache-2.0
#include "daemon/pod_states.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
capture::PodStatus status(const char* key, capture::PodState state) {
  capture::PodStatus made;
  made.key = key;
  made.state = state;
  return made;
}
}  // namespace

TEST_CASE("daemon: each change of a pod is said once") {
  PodStates states;
  auto changes = states.take({status("a/b", capture::PodState::kSteered)});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].from.empty());
  CHECK(changes[0].to == "Steered");
  CHECK(states.take({status("a/b", capture::PodState::kSteered)}).empty());
  changes = states.take({status("a/b", capture::PodState::kReady)});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].from == "Steered");
  CHECK(changes[0].to == "Ready");
  changes = states.take({});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].to == "Gone");
  CHECK(states.take({}).empty());
}

TEST_CASE("daemon: a pod that stays behind is said again only when the reason changes") {
  PodStates states;
  capture::PodStatus waiting = status("a/b", capture::PodState::kSeen);
  waiting.error = Error{ErrorCode::kNotFound, "no such file", ""};
  CHECK(states.take({waiting})[0].because == "no such file");
  CHECK(states.take({waiting}).empty());
  waiting.error = Error{ErrorCode::kDenied, "not allowed", "run as root"};
  const auto changes = states.take({waiting});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].because == "not allowed; run as root");
}

}  // namespace sm::daemon
