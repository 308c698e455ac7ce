// SPDX-License-Identifier: Apache-2.0
// FakeConsole: the CLI's streams as strings, and what the tests of verbs share.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "ctl/console.h"
#include "ctl/run.h"

namespace sm::ctl {

class FakeConsole final : public Console {
 public:
  void out(std::string_view text) override { out_text += text; }
  void err(std::string_view text) override { err_text += text; }
  Result<std::string> input() override { return input_text; }

  std::string out_text;
  std::string err_text;
  std::string input_text;
};

// One run of the CLI.
struct Ran {
  explicit Ran(const std::vector<std::string>& arguments, std::string input = {}) {
    FakeConsole console;
    console.input_text = std::move(input);
    code = run(arguments, console);
    out = console.out_text;
    err = console.err_text;
  }
  // Standard output as the one JSON value that it must be.
  Json json() const {
    auto value = parse_json(out);
    INFO(out);
    REQUIRE(value.ok());
    return *value;
  }
  bool out_has(std::string_view part) const { return out.find(part) != std::string::npos; }
  bool err_has(std::string_view part) const { return err.find(part) != std::string::npos; }

  int code = -1;
  std::string out;
  std::string err;
};

// A directory that goes with the test.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/smt-ctl-XXXXXX";  // NOLINT: mkdtemp writes into it
    REQUIRE(::mkdtemp(name) != nullptr);
    x_path = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path(const std::string& name) const { return x_path + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    const std::string file = path(name);
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << text;
    return file;
  }

 private:
  std::string x_path;
};

}  // namespace sm::ctl
