// SPDX-License-Identifier: Apache-2.0
// Verb: what sockmeshctl can be asked, as data. Parsing, help and shell completion all read this
// one table.
#pragma once

#include <string_view>
#include <vector>

namespace sm::ctl {

class Console;
struct Invocation;

// What a shell offers for an argument.
enum class Offer : unsigned char { kNothing, kFiles, kDirectories, kWords };

struct Option {
  std::string_view name;      // "--wait"
  std::string_view letter;    // "-f", or empty
  std::string_view argument;  // "SECONDS"; empty: a switch
  std::string_view help;
  Offer offer = Offer::kNothing;
  std::vector<std::string_view> words;  // for Offer::kWords
};

struct Verb {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::string_view operands;  // "FILE...", as help shows it
  std::size_t least_operands;
  std::size_t most_operands;
  std::string_view summary;  // one line
  std::string_view details;  // sentences and examples for `VERB --help`
  std::vector<Option> options;
  Offer offer;  // for operands
  std::vector<std::string_view> words;
  int (*run)(const Invocation& call, Console& console);
};

// In the order of the help text.
const std::vector<Verb>& verbs();
// Options that every verb takes, before or after its name.
const std::vector<Option>& common_options();
// By name or alias; null when there is none.
const Verb* find_verb(std::string_view name);
// Every name and alias.
std::vector<std::string_view> verb_names();

}  // namespace sm::ctl
