// SPDX-License-Identifier: Apache-2.0
#include "daemon/resource_watch.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/limits.h"

namespace sm::daemon {

namespace {
struct Scratch {
  std::string path = fmt::format("/tmp/smt-watch-{}", ::getpid());
  Scratch() { std::filesystem::create_directories(path); }
  ~Scratch() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path + "/" + name) << text;
  }
};

// Runs the loop until `changes` calls have come and it has been quiet well beyond the debounce.
class Counter final : public ResourceEvents, private io::TimerEvents {
 public:
  explicit Counter(io::Loop& loop) : x_loop(loop), x_end(loop.timers(), *this, 0) {}
  int changes = 0;
  void settle() {
    x_over = false;
    x_end.arm(kReloadDebounce * 6);
    while (!x_over) x_loop.run_once(true);
  }
  void on_resources_changed() override { ++changes; }

 private:
  void on_timer(int) override { x_over = true; }
  io::Loop& x_loop;
  io::Timer x_end;
  bool x_over = false;
};
}  // namespace

TEST_CASE("daemon: a burst of writes, a ConfigMap swap and a deletion are one change each") {
  const Scratch scratch;
  io::Loop loop;
  Counter counter(loop);
  ResourceWatch watch(loop, config::SourceWatch::open({scratch.path}).value(), counter);
  for (int part = 0; part < 5; ++part) scratch.write(fmt::format("{}.yaml", part), "a: b\n");
  counter.settle();
  CHECK(counter.changes == 1);

  std::filesystem::create_directories(scratch.path + "/..1");
  std::ofstream(scratch.path + "/..1/x.yaml") << "a: c\n";
  std::filesystem::create_directory_symlink("..1", scratch.path + "/..data_tmp");
  std::filesystem::rename(scratch.path + "/..data_tmp", scratch.path + "/..data");
  counter.settle();
  CHECK(counter.changes == 2);

  std::filesystem::remove(scratch.path + "/0.yaml");
  counter.settle();
  CHECK(counter.changes == 3);
}

TEST_CASE("daemon: changes that the caller reads anyway are not announced") {
  const Scratch scratch;
  io::Loop loop;
  Counter counter(loop);
  ResourceWatch watch(loop, config::SourceWatch::open({scratch.path}).value(), counter);
  scratch.write("a.yaml", "a: b\n");
  watch.forget_pending();
  counter.settle();
  CHECK(counter.changes == 0);
  scratch.write("a.yaml", "a: c\n");
  counter.settle();
  CHECK(counter.changes == 1);
}

}  // namespace sm::daemon
