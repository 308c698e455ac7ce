// SPDX-License-Identifier: Apache-2.0
#include "ctl/completion.h"

#include <cstdio>
#include <set>
#include <sstream>

#include "ctl/verb.h"
#include "fake_console.h"

namespace sm::ctl {
namespace {

// What bash offers for the last of `words` (the first is "sockmeshctl"), in `directory`.
std::set<std::string> offered(const std::vector<std::string>& words,
                              const std::string& directory = "/") {
  const Scratch scratch;
  std::string script = bash_completion() + "cd '" + directory + "'\nCOMP_WORDS=(";
  for (const std::string& word : words) script += "'" + word + "' ";
  script += ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) +
            "\n_sockmeshctl\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  const std::string command = "bash --norc " + scratch.write("script", script) + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string all;
  std::array<char, 4096> part{};
  std::size_t got = 0;
  while ((got = std::fread(part.data(), 1, part.size(), pipe)) > 0) all.append(part.data(), got);
  CHECK(::pclose(pipe) == 0);
  std::set<std::string> lines;
  std::istringstream stream(all);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) lines.insert(line);
  }
  return lines;
}

using Words = std::set<std::string>;

}  // namespace

TEST_CASE("ctl: bash completes every verb and alias") {
  Words expected;
  for (const std::string_view name : verb_names()) expected.emplace(name);
  expected.insert("help");
  CHECK(offered({"sockmeshctl", ""}) == expected);
  CHECK(offered({"sockmeshctl", "sta"}) == Words{"status"});
  CHECK(offered({"sockmeshctl", "--socket", "/x", "anal"}) == Words{"analyze"});
}

TEST_CASE("ctl: bash completes the options of the verb and those of every verb") {
  CHECK(offered({"sockmeshctl", "sync", "--w"}) == Words{"--wait"});
  CHECK(offered({"sockmeshctl", "status", "--w"}).empty());
  CHECK(offered({"sockmeshctl", "status", "--so"}) == Words{"--socket"});
  CHECK(offered({"sockmeshctl", "--ru"}) == Words{"--run-dir"});
  CHECK(offered({"sockmeshctl", "pc", "routes", "-"}).count("-n") == 1);
}

TEST_CASE("ctl: bash completes words where words are asked for") {
  CHECK(offered({"sockmeshctl", "status", "-o", ""}) == Words{"json", "table", "yaml"});
  CHECK(offered({"sockmeshctl", "-o", "j"}) == Words{"json"});
  CHECK(offered({"sockmeshctl", "pc", ""}) ==
        Words{"clusters", "endpoints", "listeners", "routes"});
  CHECK(offered({"sockmeshctl", "proxy-config", "-o", "json", "r"}) == Words{"routes"});
  CHECK(offered({"sockmeshctl", "pc", "routes", ""}).empty());
  CHECK(offered({"sockmeshctl", "log-level", "de"}) == Words{"debug"});
  CHECK(offered({"sockmeshctl", "completion", ""}) == Words{"bash"});
}

TEST_CASE("ctl: bash completes files and directories where they are asked for") {
  const Scratch scratch;
  scratch.write("vs.yaml", "");
  scratch.write("res/a.yaml", "");
  const std::string here = scratch.path("");
  CHECK(offered({"sockmeshctl", "validate", ""}, here) == Words{"res", "vs.yaml"});
  CHECK(offered({"sockmeshctl", "validate", "vs.yaml", "r"}, here) == Words{"res"});
  CHECK(offered({"sockmeshctl", "apply", "-f", "v"}, here) == Words{"vs.yaml"});
  CHECK(offered({"sockmeshctl", "apply", "--dir", ""}, here) == Words{"res"});
}

TEST_CASE("ctl: the verb prints the completion") {
  const Ran ran({"completion", "bash"});
  CHECK(ran.code == 0);
  CHECK(ran.out == bash_completion());
}

}  // namespace sm::ctl
