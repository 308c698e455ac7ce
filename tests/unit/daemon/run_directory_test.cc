// SPDX-License-Identifier: Apache-2.0
#include "daemon/run_directory.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sm::daemon {

namespace {
struct Scratch {
  std::string path = fmt::format("/tmp/smt-rundir-{}", ::getpid());
  ~Scratch() { std::filesystem::remove_all(path); }
};
}  // namespace

TEST_CASE("daemon: the run directory is private and holds this process's id") {
  const Scratch scratch;
  const auto run = RunDirectory::take(scratch.path + "/deep/run");
  REQUIRE(run);
  struct stat info {};
  REQUIRE(::stat(run->path().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0700U);
  std::ifstream file(run->path() + "/pid");
  pid_t pid = 0;
  file >> pid;
  CHECK(pid == ::getpid());
  CHECK(run->socket_path() == run->path() + "/admin.sock");
}

TEST_CASE("daemon: a second daemon is refused a run directory in use, with the first one's id") {
  const Scratch scratch;
  {
    const auto first = RunDirectory::take(scratch.path);
    REQUIRE(first);
    const auto second = RunDirectory::take(scratch.path);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::kUnavailable);
    CHECK(second.error().text.find(fmt::format("(pid {})", ::getpid())) != std::string::npos);
  }
  // The pid file is still there, its lock is not.
  CHECK(RunDirectory::take(scratch.path));
}

TEST_CASE("daemon: whoever let go of a run directory sees that another took it, and only then") {
  const Scratch scratch;
  auto first = RunDirectory::take(scratch.path);
  REQUIRE(first);
  CHECK_FALSE(first->taken_by_another());
  first->let_go();
  CHECK_FALSE(first->taken_by_another());
  // File times are as coarse as the kernel's tick.
  for (int tries = 0; tries < 1'000'000 && !first->taken_by_another(); ++tries) {
    const auto second = RunDirectory::take(scratch.path);
    REQUIRE(second);
    CHECK_FALSE(second->taken_by_another());
  }
  CHECK(first->taken_by_another());
}

}  // namespace sm::daemon
