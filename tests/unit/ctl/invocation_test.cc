// SPDX-License-Identifier: Apache-2.0
#include "ctl/invocation.h"

#include <doctest/doctest.h>

namespace sm::ctl {
namespace {

Invocation parsed(const std::vector<std::string>& arguments) {
  auto call = parse_arguments(arguments);
  if (!call) FAIL(call.error().describe());
  return *call;
}

std::string refused(const std::vector<std::string>& arguments) {
  const auto call = parse_arguments(arguments);
  REQUIRE_FALSE(call.ok());
  return call.error().describe();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("ctl: options of every verb stand before or after it") {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--socket", "/a/s", "-o", "json", "status"},
                                             {"status", "--socket", "/a/s", "-o", "json"},
                                             {"--socket=/a/s", "status", "-ojson"},
                                             {"-o", "json", "status", "--socket=/a/s"},
                                             {"--output=json", "status", "--socket", "/a/s"}}) {
    const Invocation call = parsed(arguments);
    CHECK(call.verb->name == "status");
    CHECK(call.socket() == "/a/s");
    CHECK(call.format == Format::kJson);
  }
}

TEST_CASE("ctl: the socket is named, or in the run directory, or the default") {
  CHECK(parsed({"status"}).socket() == "/run/sockmesh/admin.sock");
  CHECK(parsed({"status", "--run-dir", "/x"}).socket() == "/x/admin.sock");
  CHECK(parsed({"status", "--socket", "run/admin.sock"}).run_dir() == "run");
  CHECK(parsed({"status", "--socket", "admin.sock"}).run_dir() == ".");
  CHECK(parsed({"status", "--socket", "/admin.sock"}).run_dir() == "/");
  CHECK(has(refused({"status", "--socket", "/a", "--run-dir", "/b"}), "give one"));
}

TEST_CASE("ctl: aliases name the same verb") {
  CHECK(parsed({"ps"}).verb == parsed({"status"}).verb);
  CHECK(parsed({"proxy-status"}).verb == parsed({"status"}).verb);
  CHECK(parsed({"pc", "routes"}).verb == parsed({"proxy-config", "routes"}).verb);
}

TEST_CASE(
    "ctl: an option that is repeated keeps all its values in order, and the last one counts") {
  const Invocation call =
      parsed({"apply", "-f", "a", "-fb", "--filename=c", "--dir", "x", "--dir", "y"});
  CHECK(call.values("--filename") == std::vector<std::string>{"a", "b", "c"});
  CHECK(call.value("--dir") == "y");
}

TEST_CASE("ctl: a dash alone is an operand and two dashes end the options") {
  CHECK(parsed({"validate", "-"}).operands == std::vector<std::string>{"-"});
  CHECK(parsed({"validate", "--", "-o", "x"}).operands == std::vector<std::string>{"-o", "x"});
  CHECK(parsed({"apply", "-f", "-", "--dir", "d"}).value("--filename") == "-");
}

TEST_CASE("ctl: what is not understood is named, with what may have been meant") {
  CHECK(has(refused({"statsu"}), "did you mean \"status\"?"));
  CHECK(has(refused({"sync", "--wiat", "3"}), "did you mean \"--wait\"?"));
  CHECK(has(refused({"sync", "--wait"}), "--wait SECONDS"));
  CHECK(has(refused({"status", "-o", "jsno"}), "did you mean \"json\"?"));
  CHECK(has(refused({"status", "extra"}), "does not take \"extra\""));
  CHECK(has(refused({"validate"}), "needs FILE..."));
  CHECK(has(refused({"delete", "--ignore-not-found=yes"}), "takes no value"));
  CHECK(has(refused({"--wait", "3", "sync"}), "before the verb"));
  CHECK(has(refused({"-o", "json"}), "no verb"));
  CHECK(has(refused({"status", "--wait", "3"}), "no option of \"sockmeshctl status\""));
}

TEST_CASE("ctl: help is asked for with a verb, without one, and in the place of one") {
  CHECK(parsed({"--help"}).help);
  CHECK(parsed({"-h"}).verb == nullptr);
  CHECK(parsed({"sync", "--help"}).verb->name == "sync");
  CHECK(parsed({"help", "sync"}).verb->name == "sync");
  CHECK(parsed({"help", "sync"}).help);
  // Help for a verb does not ask for its operands.
  CHECK(parsed({"validate", "-h"}).help);
}

}  // namespace sm::ctl
