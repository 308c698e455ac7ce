// SPDX-License-Identifier: Apache-2.0
#include "ctl/invocation.h"

#include <utility>

#include "ctl/suggest.h"

namespace sm::ctl {
namespace {

Error usage(std::string text, std::string_view meant, const Verb* verb) {
  std::string remedy;
  if (!meant.empty()) remedy = "did you mean \"" + std::string(meant) + "\"? ";
  remedy += "\"sockmeshctl ";
  if (verb != nullptr) remedy += std::string(verb->name) + " ";
  return {ErrorCode::kInvalid, std::move(text), remedy + "--help\" lists what there is"};
}

const Option* option_in(const std::vector<Option>& options, std::string_view word) {
  for (const Option& option : options) {
    if (option.name == word || (!option.letter.empty() && option.letter == word)) return &option;
  }
  return nullptr;
}

// Walks the arguments once; what it has understood is in `call`.
class Parser {
 public:
  explicit Parser(const std::vector<std::string>& arguments) : x_arguments(arguments) {}

  Result<Invocation> parse() {
    bool options_ended = false;
    while (x_next < x_arguments.size()) {
      const std::string& word = x_arguments[x_next++];
      if (!options_ended && word == "--") {
        options_ended = true;
      } else if (!options_ended && word.size() > 1 && word[0] == '-') {
        SM_TRY(take_option(word));
      } else {
        SM_TRY(take_word(word));
      }
    }
    SM_TRY(check());
    return std::move(x_call);
  }

 private:
  Result<> take_word(const std::string& word) {
    if (x_call.verb != nullptr) {
      x_call.operands.push_back(word);
      return {};
    }
    if (word == "help") {
      x_call.help = true;
      return {};
    }
    x_call.verb = find_verb(word);
    if (x_call.verb == nullptr) {
      return usage("\"" + word + "\" is no verb of sockmeshctl", nearest(word, verb_names()),
                   nullptr);
    }
    return {};
  }

  const Option* find_option(std::string_view word) const {
    const Option* option = option_in(common_options(), word);
    if (option == nullptr && x_call.verb != nullptr) {
      option = option_in(x_call.verb->options, word);
    }
    return option;
  }

  Result<> take_option(const std::string& word) {
    if (word == "--version" && x_call.verb == nullptr) {
      x_call.version = true;
      return {};
    }
    const bool is_long = word[1] == '-';
    const std::size_t cut = is_long ? word.find('=') : std::min<std::size_t>(2, word.size());
    const std::string name = word.substr(0, cut);
    const bool attached = cut < word.size();
    const Option* option = find_option(name);
    if (option == nullptr) return unknown_option(name);
    if (option->argument.empty()) {
      if (attached) return usage(name + " takes no value", {}, x_call.verb);
      x_call.options[std::string(option->name)];
      return {};
    }
    if (!attached && x_next == x_arguments.size()) {
      return usage(name + " needs a value: " + name + " " + std::string(option->argument), {},
                   x_call.verb);
    }
    const std::string value =
        attached ? word.substr(is_long ? cut + 1 : cut) : x_arguments[x_next++];
    x_call.options[std::string(option->name)].push_back(value);
    return {};
  }

  Error unknown_option(const std::string& name) const {
    std::vector<std::string_view> names;
    for (const Option& option : common_options()) names.push_back(option.name);
    if (x_call.verb != nullptr) {
      for (const Option& option : x_call.verb->options) names.push_back(option.name);
      return usage(name + " is no option of \"sockmeshctl " + std::string(x_call.verb->name) + "\"",
                   nearest(name, names), x_call.verb);
    }
    return usage(name + " is no option that stands before the verb", nearest(name, names), nullptr);
  }

  Result<> check() {
    if (x_call.has("--help")) x_call.help = true;
    if (x_call.help || x_call.version) return {};
    if (x_call.verb == nullptr) return usage("no verb is given", {}, nullptr);
    const std::string output = x_call.value("--output", "table");
    const auto format = parse_format(output);
    if (!format) {
      return usage("-o " + output + " is none of table, json, yaml",
                   nearest(output, {"table", "json", "yaml"}), x_call.verb);
    }
    x_call.format = *format;
    if (x_call.has("--socket") && x_call.has("--run-dir")) {
      return usage("--socket and --run-dir both say where the daemon is; give one", {},
                   x_call.verb);
    }
    const std::size_t count = x_call.operands.size();
    const std::string name(x_call.verb->name);
    if (count < x_call.verb->least_operands) {
      return usage(name + " needs " + std::string(x_call.verb->operands), {}, x_call.verb);
    }
    if (count > x_call.verb->most_operands) {
      return usage(name + " does not take \"" + x_call.operands[x_call.verb->most_operands] + "\"",
                   {}, x_call.verb);
    }
    return {};
  }

  const std::vector<std::string>& x_arguments;
  std::size_t x_next = 0;
  Invocation x_call;
};

}  // namespace

const std::vector<std::string>& Invocation::values(std::string_view option) const {
  static const std::vector<std::string> kNone;
  const auto found = options.find(option);
  return found == options.end() ? kNone : found->second;
}

std::string Invocation::value(std::string_view option, std::string_view otherwise) const {
  const auto& all = values(option);
  return all.empty() ? std::string(otherwise) : all.back();
}

std::string Invocation::socket() const {
  return has("--socket") ? value("--socket") : run_dir() + "/admin.sock";
}

std::string Invocation::run_dir() const {
  if (!has("--socket")) return value("--run-dir", kDefaultRunDir);
  const std::string path = value("--socket");
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<Invocation> parse_arguments(const std::vector<std::string>& arguments) {
  return Parser(arguments).parse();
}

}  // namespace sm::ctl
