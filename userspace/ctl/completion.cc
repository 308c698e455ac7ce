// SPDX-License-Identifier: Apache-2.0
#include "ctl/completion.h"

#include "ctl/exit_code.h"
#include "ctl/handlers.h"
#include "ctl/invocation.h"
#include "ctl/output.h"
#include "ctl/verb.h"

namespace sm::ctl {
namespace {

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : " ") + std::string(word);
  return text;
}

std::string option_names(const std::vector<Option>& options) {
  std::vector<std::string_view> names;
  for (const Option& option : options) {
    names.push_back(option.name);
    if (!option.letter.empty()) names.push_back(option.letter);
  }
  return joined(names);
}

// What is offered for one argument, as a command of the script.
std::string offer_command(Offer offer, const std::vector<std::string_view>& words) {
  switch (offer) {
    case Offer::kFiles:
      return "COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Offer::kDirectories:
      return "COMPREPLY=($(compgen -d -- \"$cur\"))";
    case Offer::kWords:
      return "COMPREPLY=($(compgen -W '" + joined(words) + "' -- \"$cur\"))";
    case Offer::kNothing:
      break;
  }
  return "COMPREPLY=()";
}

std::string option_case(const Option& option, std::string_view verb_pattern) {
  std::string pattern = std::string(verb_pattern) + ":" + std::string(option.name);
  if (!option.letter.empty()) {
    pattern += "|" + std::string(verb_pattern) + ":" + std::string(option.letter);
  }
  return "    " + pattern + ") " + offer_command(option.offer, option.words) + "; return ;;\n";
}

// Options whose value stands in the next word.
std::string value_options() {
  std::string pattern;
  const auto add = [&pattern](const std::vector<Option>& options) {
    for (const Option& option : options) {
      if (option.argument.empty()) continue;
      for (const std::string_view name : {option.name, option.letter}) {
        if (!name.empty()) pattern += (pattern.empty() ? "" : "|") + std::string(name);
      }
    }
  };
  add(common_options());
  for (const Verb& verb : verbs()) add(verb.options);
  return pattern;
}

std::string names_pattern(const Verb& verb) {
  std::string pattern(verb.name);
  for (const std::string_view alias : verb.aliases) pattern += "|" + std::string(alias);
  return pattern;
}

}  // namespace

std::string bash_completion() {
  std::string text =
      "# bash completion of sockmeshctl; load it with: source <(sockmeshctl completion bash)\n"
      "_sockmeshctl() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" verb= "
      "operands=0 i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${COMP_WORDS[i]}\" in\n"
      "      " +
      value_options() +
      ") ((i++)) ;;\n"
      "      -*) ;;\n"
      "      *) if [[ -z $verb ]]; then verb=\"${COMP_WORDS[i]}\"; else ((operands++)); fi ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$verb\" in\n";
  for (const Verb& verb : verbs()) {
    if (!verb.aliases.empty()) {
      text += "    " + names_pattern(verb) + ") verb=" + std::string(verb.name) + " ;;\n";
    }
  }
  text += "  esac\n  case \"$verb:$prev\" in\n";
  for (const Verb& verb : verbs()) {
    for (const Option& option : verb.options) {
      if (!option.argument.empty()) text += option_case(option, verb.name);
    }
  }
  for (const Option& option : common_options()) {
    if (!option.argument.empty()) text += option_case(option, "*");
  }
  text += "  esac\n  if [[ $cur == -* ]]; then\n    case \"$verb\" in\n";
  const std::string common = option_names(common_options());
  for (const Verb& verb : verbs()) {
    text += "      " + std::string(verb.name) + ") COMPREPLY=($(compgen -W '" +
            option_names(verb.options) + " " + common + "' -- \"$cur\")) ;;\n";
  }
  text += "      *) COMPREPLY=($(compgen -W '" + common +
          "' -- \"$cur\")) ;;\n    esac\n    return\n  fi\n";
  text += "  case \"$verb:$operands\" in\n    :*) COMPREPLY=($(compgen -W '" +
          joined(verb_names()) + " help' -- \"$cur\")) ;;\n";
  for (const Verb& verb : verbs()) {
    if (verb.offer == Offer::kNothing) continue;
    // Words name the first operand; files may be as many as there are.
    const std::string place = verb.offer == Offer::kWords ? "0" : "*";
    text += "    " + std::string(verb.name) + ":" + place + ") " +
            offer_command(verb.offer, verb.words) + " ;;\n";
  }
  return text + "  esac\n}\ncomplete -o filenames -F _sockmeshctl sockmeshctl\n";
}

int run_completion(const Invocation& call, Console& console) {
  if (call.operands[0] != "bash") {
    return fail(console, Format::kTable,
                {ErrorCode::kInvalid,
                 "there is no completion for the shell \"" + call.operands[0] + "\"", "use bash"},
                kExitUsage);
  }
  console.out(bash_completion());
  return kExitDone;
}

}  // namespace sm::ctl
