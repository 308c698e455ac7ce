// SPDX-License-Identifier: Apache-2.0
#include "config/source_watch.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>

#include "scratch.h"

namespace sm::config {
namespace {

namespace fs = std::filesystem;

bool readable(const SourceWatch& watch) {
  pollfd entry = {watch.fd(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

// Events are queued by the system call that makes them, so nothing has to be waited for.
bool changed(SourceWatch& watch) { return readable(watch) && watch.drain(); }

TEST_CASE(
    "config: the watch tells edits, new files, renames and deletions, and is quiet otherwise") {
  const Scratch dir;
  dir.write("res/sub/a.yaml", "a");
  auto watch = SourceWatch::open({dir.path("res") + "/"});
  REQUIRE(watch.ok());
  CHECK_FALSE(changed(*watch));
  dir.write("res/sub/a.yaml", "b");
  CHECK(changed(*watch));
  CHECK_FALSE(changed(*watch));
  dir.write("res/b.yaml", "b");
  CHECK(changed(*watch));
  fs::rename(dir.path("res/b.yaml"), dir.path("res/c.yaml"));
  CHECK(changed(*watch));
  dir.remove("res/c.yaml");
  CHECK(changed(*watch));
  dir.write("elsewhere.yaml", "x");
  CHECK_FALSE(changed(*watch));
  CHECK(watch->unwatched().empty());
}

TEST_CASE("config: a file tells when its writer closes it, not while it is written") {
  const Scratch dir;
  dir.write("res/a.yaml", "a");
  auto watch = SourceWatch::open({dir.path("res")});
  REQUIRE(watch.ok());
  {
    std::ofstream out(dir.path("res/b.yaml"));
    out << "half" << std::flush;
    CHECK_FALSE(changed(*watch));
  }
  CHECK(changed(*watch));
}

TEST_CASE("config: folders made later are watched, with what they hold") {
  const Scratch dir;
  dir.write("res/a.yaml", "a");
  auto watch = SourceWatch::open({dir.path("res")});
  REQUIRE(watch.ok());
  fs::create_directories(dir.path("res/x/y"));
  CHECK(changed(*watch));
  dir.write("res/x/y/b.yaml", "b");
  CHECK(changed(*watch));
  dir.remove("res/x");
  CHECK(changed(*watch));
}

TEST_CASE("config: the swap of a ConfigMap volume is told, hidden files of editors are not") {
  const Scratch dir;
  dir.write("res/..v1/a.yaml", "1");
  dir.write("res/..v2/a.yaml", "2");
  fs::create_directory_symlink("..v1", dir.path("res/..data"));
  fs::create_symlink("..data/a.yaml", dir.path("res/a.yaml"));
  auto watch = SourceWatch::open({dir.path("res")});
  REQUIRE(watch.ok());
  fs::create_directory_symlink("..v2", dir.path("res/..tmp"));
  fs::rename(dir.path("res/..tmp"), dir.path("res/..data"));
  CHECK(changed(*watch));
  dir.write("res/.a.yaml.swp", "x");
  CHECK_FALSE(changed(*watch));
}

TEST_CASE("config: the target of a link is watched, and the link's replacement") {
  const Scratch dir;
  dir.write("res/keep.txt", "");
  dir.write("real/a.yaml", "1");
  dir.write("real/b.yaml", "2");
  fs::create_symlink(dir.path("real/a.yaml"), dir.path("res/a.yaml"));
  auto watch = SourceWatch::open({dir.path("res")});
  REQUIRE(watch.ok());
  dir.write("real/a.yaml", "3");
  CHECK(changed(*watch));
  dir.write("real/b.yaml", "4");
  CHECK_FALSE(changed(*watch));
}

TEST_CASE("config: a missing directory is noticed when it appears, and again when it is replaced") {
  const Scratch dir;
  auto watch = SourceWatch::open({dir.path("one/two/res")});
  REQUIRE(watch.ok());
  fs::create_directories(dir.path("one/two"));
  CHECK(changed(*watch));
  dir.write("one/two/res/a.yaml", "a");
  CHECK(changed(*watch));
  dir.write("one/two/res/b.yaml", "b");
  CHECK(changed(*watch));
  fs::rename(dir.path("one/two/res"), dir.path("one/two/old"));
  CHECK(changed(*watch));
  dir.write("one/two/res/c.yaml", "c");
  CHECK(changed(*watch));
  dir.write("one/two/res/d.yaml", "d");
  CHECK(changed(*watch));
}

TEST_CASE("config: a resource path that is a file is watched through its folder") {
  const Scratch dir;
  dir.write("a.yaml", "a");
  auto watch = SourceWatch::open({dir.path("a.yaml")});
  REQUIRE(watch.ok());
  dir.write("b.yaml", "b");
  CHECK_FALSE(changed(*watch));
  dir.write("a.yaml", "b");
  CHECK(changed(*watch));
}

}  // namespace
}  // namespace sm::config
