// SPDX-License-Identifier: Apache-2.0
#include "capture/record.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "capture/uninstall.h"

namespace {

// A directory of its own, removed with the record in it.
struct Directory {
  Directory() {
    char name[] = "/tmp/smt-record-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Directory() {
    std::remove(sm::capture::record_path(path).c_str());
    ::rmdir(path.c_str());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string path;
};

}  // namespace

TEST_CASE("capture: what the record says is read back, and the later one replaces the earlier") {
  const Directory directory;
  REQUIRE(sm::capture::write_record(directory.path, {"/sys/fs/bpf/one", "/cg/a"}));
  REQUIRE(sm::capture::write_record(directory.path, {"/sys/fs/bpf/two", "/cg/b"}));
  const auto record = sm::capture::read_record(directory.path);
  REQUIRE(record.ok());
  REQUIRE(record->has_value());
  CHECK((*record)->bpffs == "/sys/fs/bpf/two");
  CHECK((*record)->cgroup == "/cg/b");
}

TEST_CASE("capture: no record is not an error, and then uninstall does nothing") {
  const Directory directory;
  const auto record = sm::capture::read_record(directory.path);
  REQUIRE(record.ok());
  CHECK(!record->has_value());
  const auto done = sm::capture::uninstall(directory.path);
  REQUIRE(done.ok());
  CHECK(done->empty());
}

TEST_CASE("capture: a file that is no record is refused, and uninstall touches nothing by it") {
  const Directory directory;
  for (const char* text : {"", "[]", "{\"bpffs\": 7}", "{\"bpffs\": \"/x\"", "{}"}) {
    std::ofstream(sm::capture::record_path(directory.path)) << text;
    CHECK_MESSAGE(!sm::capture::read_record(directory.path).ok(), text);
    CHECK_MESSAGE(!sm::capture::uninstall(directory.path).ok(), text);
  }
}

TEST_CASE("capture: a record of a directory that is no bpffs removes the record only") {
  const Directory directory;
  const Directory plain;
  REQUIRE(sm::capture::write_record(directory.path, {plain.path, ""}));
  const auto done = sm::capture::uninstall(directory.path);
  REQUIRE(done.ok());
  CHECK(done->size() == 1);
  CHECK(::access(plain.path.c_str(), F_OK) == 0);
  CHECK(::access(sm::capture::record_path(directory.path).c_str(), F_OK) != 0);
}
