// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <doctest/doctest.h>

namespace sm::daemon {

using Action = Options::Action;

TEST_CASE("daemon: the command line says what to do") {
  CHECK(parse_options({"--config", "n.yaml"})->action == Action::kRun);
  CHECK(parse_options({"--config", "n.yaml"})->config == "n.yaml");
  CHECK(parse_options({"--config=n.yaml"})->config == "n.yaml");
  CHECK(parse_options({"--check", "--config", "n.yaml"})->action == Action::kCheck);
  CHECK(parse_options({"--config", "n.yaml", "--check"})->action == Action::kCheck);
  CHECK(parse_options({"--version"})->action == Action::kVersion);
  CHECK(parse_options({"--config", "n.yaml", "--help"})->action == Action::kHelp);
}

TEST_CASE("daemon: a command line that says nothing useful is refused") {
  CHECK_FALSE(parse_options({}));
  CHECK_FALSE(parse_options({"--check"}));
  CHECK_FALSE(parse_options({"--config"}));
  CHECK_FALSE(parse_options({"--config="}));
  CHECK(parse_options({"--confg", "n.yaml"}).error().text.find("--confg") != std::string::npos);
}

}  // namespace sm::daemon
