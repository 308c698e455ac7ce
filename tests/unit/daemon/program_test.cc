// SPDX-License-Identifier: Apache-2.0
#include "daemon/program.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sm::daemon {

namespace {
// A node file and its resources, none of whose other paths exist.
struct Node {
  std::string path = fmt::format("/tmp/smt-program-{}", ::getpid());
  std::string file = path + "/node.yaml";
  explicit Node(const std::string& more) {
    std::filesystem::create_directories(path + "/res");
    std::ofstream(file) << fmt::format(
        "apiVersion: sockmesh.io/v1\nkind: NodeConfig\nnodeName: n\nresources: [{0}/res]\n"
        "cgroup: smt-none\nrunDir: {0}/run\nstateDir: {0}/state\nbpffs: {0}/bpf\n{1}",
        path, more);
  }
  ~Node() { std::filesystem::remove_all(path); }
  void resource(const std::string& text) const { std::ofstream(path + "/res/a.yaml") << text; }
  bool untouched() const {
    return !std::filesystem::exists(path + "/run") && !std::filesystem::exists(path + "/state") &&
           !std::filesystem::exists(path + "/bpf");
  }
};
}  // namespace

TEST_CASE("daemon: --check of a good node is 0 and touches nothing") {
  const Node node("");
  node.resource("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  CHECK(run_program({"--check", "--config", node.file}) == 0);
  CHECK(node.untouched());
}

TEST_CASE("daemon: --check is 1 when a finding is an error, and for a wrong node file") {
  const Node node("");
  node.resource("kind: [\n");
  CHECK(run_program({"--check", "--config", node.file}) == 1);
  const Node wrong("wrokers: 1\n");
  CHECK(run_program({"--check", "--config", wrong.file}) == 1);
  CHECK(run_program({"--check", "--config", "/nonexistent/node.yaml"}) == 1);
}

TEST_CASE("daemon: wrong usage is 2, help and version are 0") {
  CHECK(run_program({"--nonsense"}) == 2);
  CHECK(run_program({}) == 2);
  CHECK(run_program({"--version"}) == 0);
  CHECK(run_program({"--help"}) == 0);
}

}  // namespace sm::daemon
