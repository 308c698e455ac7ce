// SPDX-License-Identifier: Apache-2.0
// Scratch: a directory of one test, removed at its end, with short ways to fill and read it.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace sm::config {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "smt-config-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    x_path = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
  }

  std::string path(const std::string& name = {}) const {
    return name.empty() ? x_path : x_path + "/" + name;
  }
  // Makes folders on the way.
  void write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void remove(const std::string& name) const { std::filesystem::remove_all(path(name)); }
  std::size_t count(const std::string& name = {}) const {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path(name))) {
      if (entry.is_regular_file()) ++files;
    }
    return files;
  }

 private:
  std::string x_path;
};

}  // namespace sm::config
