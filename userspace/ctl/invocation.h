// SPDX-License-Identifier: Apache-2.0
// Invocation: one understood command line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ctl/output.h"
#include "ctl/verb.h"

namespace sm::ctl {

struct Invocation {
  const Verb* verb = nullptr;  // null: only with `help` or `version`
  bool help = false;
  bool version = false;  // --version, which scripts try first
  Format format = Format::kTable;
  std::map<std::string, std::vector<std::string>, std::less<>> options;  // by long name, in order
  std::vector<std::string> operands;

  bool has(std::string_view option) const { return options.find(option) != options.end(); }
  // All values of an option that may be repeated.
  const std::vector<std::string>& values(std::string_view option) const;
  // The last value given, as everywhere in Unix.
  std::string value(std::string_view option, std::string_view otherwise = {}) const;
  // --socket, or admin.sock in --run-dir, or the default.
  std::string socket() const;
  // --run-dir, or the directory of --socket, or the default.
  std::string run_dir() const;
};

inline constexpr std::string_view kDefaultRunDir = "/run/sockmesh";

// `arguments`: without the program's name. The error is a usage error: what is wrong, and what may
// have been meant. Options: "--name value", "--name=value", "-x value", "-xvalue"; "--" ends them;
// "-" is an operand.
Result<Invocation> parse_arguments(const std::vector<std::string>& arguments);

}  // namespace sm::ctl
