// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "telemetry/access_log.h"

namespace sm::telemetry {
namespace {

// A directory of this test's own, gone at its end.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "smt-telemetry-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    x_path = name;
  }
  ~Scratch() { std::filesystem::remove_all(x_path); }
  std::string file(const char* name) const { return x_path / name; }

 private:
  std::filesystem::path x_path;
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

std::string read_all(int fd) {
  std::string out;
  char block[65536];
  for (ssize_t got = 0; (got = ::read(fd, block, sizeof block)) > 0;)
    out.append(block, static_cast<std::size_t>(got));
  return out;
}

// The n-th line, long enough that a pipe's capacity falls into the middle of one.
std::string numbered(int n) { return std::to_string(n) + std::string(2990, '.') + "\n"; }

AccessRecord request(std::string_view path) {
  AccessRecord record;
  record.method = "GET";
  record.path = path;
  return record;
}

}  // namespace

TEST_CASE("telemetry: lines are appended to a file, also after it was rotated away") {
  const Scratch scratch;
  const std::string path = scratch.file("access.log");
  std::ofstream(path) << "old\n";
  LogSink sink;
  CHECK_FALSE(sink.enabled());
  sink.open(path);
  CHECK(sink.enabled());
  CHECK(sink.write("one\n") == 4);
  std::filesystem::rename(path, path + ".1");
  sink.write("two\n");
  sink.reopen();
  sink.write("three\n");
  CHECK(content(path + ".1") == "old\none\ntwo\n");
  CHECK(content(path) == "three\n");
  CHECK(sink.dropped_lines() == 0);
}

TEST_CASE("telemetry: a path that cannot be opened drops and counts") {
  const Scratch scratch;
  LogSink sink;
  sink.open(scratch.file("absent/access.log"));
  CHECK(sink.enabled());
  CHECK(sink.write("one\ntwo\n") == 8);
  CHECK(sink.dropped_lines() == 2);
  sink.open("");
  CHECK_FALSE(sink.enabled());
}

TEST_CASE("telemetry: a full pipe stops nobody, and its reader sees whole lines in order") {
  const Scratch scratch;
  const std::string path = scratch.file("fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  LogSink sink;
  sink.open(path);
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += numbered(i);
  const std::size_t taken = sink.write(lines);
  REQUIRE(taken > 0);
  REQUIRE(taken < lines.size());
  CHECK(lines[taken - 1] == '\n');
  CHECK(sink.write("no room\n") == 0);
  std::string got = read_all(reader.get());
  CHECK(got.size() < taken);  // the pipe was full in the middle of a line
  CHECK(sink.write(std::string_view(lines).substr(taken)) > 0);
  got += read_all(reader.get());
  const std::size_t whole = got.rfind('\n') + 1;
  CHECK(whole > taken);
  CHECK(got == lines.substr(0, got.size()));
  CHECK(sink.dropped_lines() == 0);
}

TEST_CASE("telemetry: a pipe without a reader drops and counts") {
  const Scratch scratch;
  const std::string path = scratch.file("fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  LogSink sink;
  sink.open(path);
  const auto before = std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
  reader.reset();
  CHECK(sink.write("one\ntwo\nthree\n") == 14);
  std::signal(SIGPIPE, before);
  CHECK(sink.dropped_lines() == 3);
}

TEST_CASE("telemetry: standard output is written to, whatever it is") {
  const Scratch scratch;
  const UniqueFd saved(::dup(STDOUT_FILENO));
  LogSink sink;
  const UniqueFd file(::open(scratch.file("out").c_str(), O_WRONLY | O_CREAT, 0600));
  ::dup2(file.get(), STDOUT_FILENO);
  sink.open("/dev/stdout");
  sink.write("to a file\n");
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  ::dup2(writer.get(), STDOUT_FILENO);
  sink.open("/dev/stdout");
  sink.write("to a pipe\n");
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  ::dup2(saved.get(), STDOUT_FILENO);
  sink.open("");
  writer.reset();
  CHECK(content(scratch.file("out")) == "to a file\n");
  CHECK(read_all(reader.get()) == "to a pipe\n");
  CHECK((flags & O_NONBLOCK) == 0);  // the mode that others share was left alone
}

TEST_CASE("telemetry: a full pipe at standard output stops nobody either") {
  const UniqueFd saved(::dup(STDOUT_FILENO));
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  ::dup2(writer.get(), STDOUT_FILENO);
  LogSink sink;
  sink.open("/dev/stdout");
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += numbered(i);
  const std::size_t taken = sink.write(lines);
  ::dup2(saved.get(), STDOUT_FILENO);
  sink.open("");
  writer.reset();
  CHECK(taken > 0);
  CHECK(taken < lines.size());
  CHECK(read_all(reader.get()).size() > 0);
}

TEST_CASE("telemetry: a worker's records reach the file at its flush") {
  const Scratch scratch;
  const std::string path = scratch.file("access.log");
  LogSink sink;
  AccessLog access_log(sink);
  access_log.record(request("/off"));
  CHECK_FALSE(access_log.enabled());
  CHECK_FALSE(access_log.pending());
  sink.open(path);
  access_log.record(request("/a"));
  CHECK(content(path).empty());
  CHECK(access_log.pending());
  access_log.flush();
  CHECK_FALSE(access_log.pending());
  CHECK(content(path).find("\"GET /a HTTP/1.1\"") != std::string::npos);
  const std::string long_path(kAccessLogFlushBytes, 'x');
  access_log.record(request(long_path));
  CHECK_FALSE(access_log.pending());  // too much to wait for the end of the pass
}

TEST_CASE("telemetry: a worker keeps a bounded number of lines for a sink that takes none") {
  const Scratch scratch;
  const std::string path = scratch.file("fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  LogSink sink;
  sink.open(path);
  AccessLog access_log(sink);
  const std::string long_path(10'000, 'x');
  std::uint64_t recorded = 0;
  while (sink.dropped_lines() == 0) {
    access_log.record(request(long_path));
    ++recorded;
    REQUIRE(recorded < 1000);
  }
  std::string got = read_all(reader.get());
  while (access_log.pending()) {
    access_log.flush();
    got += read_all(reader.get());
  }
  sink.write("last\n");
  got += read_all(reader.get());
  const auto lines = static_cast<std::uint64_t>(std::count(got.begin(), got.end(), '\n'));
  CHECK(lines == recorded - sink.dropped_lines() + 1);
  CHECK(got.ends_with("\nlast\n"));
}

TEST_CASE("telemetry: lines of several workers are never mixed") {
  const Scratch scratch;
  const std::string path = scratch.file("access.log");
  LogSink sink;
  sink.open(path);
  std::vector<std::thread> workers;
  for (char name = 'a'; name < 'e'; ++name) {
    workers.emplace_back([&sink, name] {
      AccessLog access_log(sink);
      const std::string text(300, name);
      for (int i = 0; i < 300; ++i) {
        access_log.record(request(text));
        if (i % 7 == 0) access_log.flush();
      }
      access_log.flush();
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::ifstream file(path);
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const char name = line.at(line.find("GET ") + 4);
    REQUIRE(line.find("GET " + std::string(300, name) + " HTTP/1.1") != std::string::npos);
  }
  CHECK(lines == 1200);
}

}  // namespace sm::telemetry
