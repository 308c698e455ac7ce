// SPDX-License-Identifier: Apache-2.0
#include "fake_console.h"

namespace sm::ctl {

TEST_CASE("ctl: doctor shows each check with its state, and its exit code follows them") {
  const Scratch scratch;
  const Ran ran({"doctor", "-o", "json", "--run-dir", scratch.path("run")});
  const Json answer = ran.json();
  bool missing = false;
  for (const Json& check : answer["checks"]) {
    const std::string state = check["state"];
    CHECK((state == "ok" || state == "warn" || state == "fail"));
    missing = missing || state == "fail";
    // Whatever is not well comes with what to do about it.
    if (state != "ok") CHECK_FALSE(check["remedy"].get<std::string>().empty());
  }
  CHECK(ran.code == (missing ? 1 : 0));
  CHECK(answer["checks"].size() >= 5);
  CHECK(answer["notCaptured"].size() == 4);
}

TEST_CASE("ctl: a daemon that does not run is a warning of doctor, not a failure") {
  const Scratch scratch;
  const Json answer = Ran({"doctor", "-o", "json", "--run-dir", scratch.path("run")}).json();
  const Json& last = answer["checks"].back();
  CHECK(last["name"] == "daemon");
  CHECK(last["state"] == "warn");
}

TEST_CASE("ctl: doctor says what is wrong with the node file and fails") {
  const Scratch scratch;
  const std::string file = scratch.write("node.yaml",
                                         "apiVersion: sockmesh.io/v1\nkind: NodeConfig\nnodeName: "
                                         "n\nresources: [r]\ncgroup: c\nwrokers: 1\n");
  const Ran ran({"doctor", "--config", file});
  CHECK(ran.code == 1);
  CHECK(ran.out_has("node.yaml:6:"));
  CHECK(ran.out_has("fail"));
}

TEST_CASE("ctl: doctor looks at the subtree of the pods when it is told which") {
  const Scratch scratch;
  const Ran ran({"doctor", "-o", "json", "--cgroup", "smt-ctl-no-such-subtree", "--run-dir",
                 scratch.path("run")});
  CHECK(ran.code == 1);
  const Json answer = ran.json();
  bool found = false;
  for (const Json& check : answer["checks"]) {
    found = found || (check["name"] == "cgroup" && check["state"] == "fail");
  }
  CHECK(found);
}

TEST_CASE("ctl: uninstall where nothing is installed is done, and says so") {
  const Scratch scratch;
  const Ran ran({"uninstall", "--run-dir", scratch.path("run")});
  CHECK(ran.code == 0);
  CHECK(ran.out_has("nothing of sockmesh is installed"));
  CHECK(Ran({"--run-dir", scratch.path("run"), "uninstall", "-o", "json"}).json()["done"].empty());
}

}  // namespace sm::ctl
