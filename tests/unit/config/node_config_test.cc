// SPDX-License-Identifier: Apache-2.0
#include "config/node_config.h"

#include <doctest/doctest.h>

#include "scratch.h"

namespace sm::config {
namespace {

constexpr const char* kStart =
    "apiVersion: sockmesh.io/v1\nkind: NodeConfig\nnodeName: node-a\nresources: [res]\ncgroup: "
    "pods\n";

Result<NodeConfig> load(const Scratch& dir, const std::string& text) {
  dir.write("name.yaml", text);
  return load_node_config(dir.path("name.yaml"));
}

TEST_CASE("config: a node file with the required keys has the documented defaults") {
  const Scratch dir;
  for (const std::string& text :
       {std::string(kStart), std::string("nodeName: node-a\nresources: [res]\ncgroup: pods\n")}) {
    const auto config = load(dir, text);
    REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().text));
    CHECK(config->node_name == "node-a");
    CHECK(config->resources == std::vector<std::string>{"res"});
    CHECK(config->cgroup == "pods");
    CHECK(config->run_dir == "/run/sockmesh");
    CHECK(config->state_dir == "/var/lib/sockmesh");
    CHECK(config->bpffs == "/sys/fs/bpf/sockmesh");
    CHECK(config->workers == 0);
    CHECK(config->workers_per_pod == 1);
    CHECK(config->unknown_pods == UnknownPods::kDeny);
    CHECK(config->drain_seconds == 5);
    CHECK(config->random_seed == 0);
    CHECK(config->log_level == log::Level::kInfo);
  }
}

TEST_CASE("config: every key of the node file is read") {
  const Scratch dir;
  const auto config = load(
      dir,
      std::string(kStart) +
          "runDir: /r\nstateDir: /s\nbpffs: /b\nworkers: 2\nworkersPerPod: 3\nunknownPods: allow\n"
          "onProxyDown: closed\nsameNode: attested\naccelerate: off\ndrainSeconds: 7\n"
          "logLevel: {default: warn, capture: debug}\nrandomSeed: 42\n");
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().text));
  CHECK(config->run_dir == "/r");
  CHECK(config->state_dir == "/s");
  CHECK(config->bpffs == "/b");
  CHECK(config->workers == 2);
  CHECK(config->workers_per_pod == 3);
  CHECK(config->unknown_pods == UnknownPods::kAllow);
  CHECK_FALSE(config->on_proxy_down_open);
  CHECK(config->drain_seconds == 7);
  CHECK(config->log_level == log::Level::kWarn);
  CHECK(config->component_levels.at(log::Component::kCapture) == log::Level::kDebug);
  CHECK(config->random_seed == 42);
  CHECK(load(dir, std::string(kStart) + "logLevel: trace\n")->log_level == log::Level::kTrace);
}

TEST_CASE("config: unknown pods may be held, and pods may be open while nobody serves them") {
  const Scratch dir;
  const auto config = load(dir, std::string(kStart) + "unknownPods: hold\nonProxyDown: open\n");
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().text));
  CHECK(config->unknown_pods == UnknownPods::kHold);
  CHECK(config->on_proxy_down_open);
  const auto usual = load(dir, std::string(kStart));
  CHECK(usual->unknown_pods == UnknownPods::kDeny);
  CHECK_FALSE(usual->on_proxy_down_open);
}

TEST_CASE("config: an unknown, ill-typed or refused key of the node file names its place") {
  const Scratch dir;
  const std::pair<const char*, const char*> rows[] = {
      {"wrokers: 1\n", "did you mean workers?"},
      {"workers: many\n", "an integer"},
      {"workers: -1\n", "an integer of 0 or more"},
      {"workers: 5000\n", "from 0 to 1024"},
      {"workersPerPod: 0\n", "from 1"},
      {"runDir: 5\n", "a string"},
      {"unknownPods: maybe\n", "one of hold, deny, allow"},
      {"onProxyDown: ajar\n", "one of closed, open"},
      {"sameNode: encrypt\n", "write attested"},
      {"accelerate: auto\n", "write off"},
      {"accelerate: force\n", "write off"},
      {"logLevel: loud\n", "write trace"},
      {"logLevel: {everything: info}\n", "is no component"},
      {"randomSeed: x\n", "whole number"},
      {"nodeName: again\n", "appears twice"},
      {"stateDir: \"\"\n", "empty"},
  };
  for (const auto& row : rows) {
    const auto& line = row.first;
    const auto& words = row.second;
    CAPTURE(line);
    const auto config = load(dir, std::string(kStart) + line);
    REQUIRE_FALSE(config.ok());
    CHECK(config.error().text.find("name.yaml:6:") != std::string::npos);
    CHECK_MESSAGE(config.error().text.find(words) != std::string::npos, config.error().text);
  }
}

TEST_CASE("config: a node file without a required key, of another kind, or no YAML is refused") {
  const Scratch dir;
  for (const char* text : {"nodeName: a\nresources: [r]\n", "nodeName: a\ncgroup: c\n",
                           "resources: [r]\ncgroup: c\n", "nodeName: a\nresources: []\ncgroup: c\n",
                           "apiVersion: v1\nnodeName: a\nresources: [r]\ncgroup: c\n",
                           "kind: Pod\nnodeName: a\nresources: [r]\ncgroup: c\n", "nodeName: [", "",
                           "- a\n", "nodeName: a\n---\nb: c\n"}) {
    CAPTURE(text);
    const auto config = load(dir, text);
    REQUIRE_FALSE(config.ok());
    CHECK(config.error().text.find("name.yaml:") != std::string::npos);
  }
  CHECK(load_node_config(dir.path("none.yaml")).error().code == ErrorCode::kNotFound);
}

TEST_CASE("config: all that is wrong with a node file is said at once") {
  const Scratch dir;
  const auto config = load(dir, std::string(kStart) + "workers: many\nfoo: bar\n");
  REQUIRE_FALSE(config.ok());
  CHECK(config.error().text.find("name.yaml:6:") != std::string::npos);
  CHECK(config.error().text.find("name.yaml:7:") != std::string::npos);
}

}  // namespace
}  // namespace sm::config
