// SPDX-License-Identifier: Apache-2.0
#include "ctl/help.h"

#include <algorithm>

namespace sm::ctl {
namespace {

std::string left_of(const Option& option) {
  std::string text = option.letter.empty() ? "    " : std::string(option.letter) + ", ";
  text += option.name;
  if (!option.argument.empty()) text += " " + std::string(option.argument);
  return text;
}

std::string option_lines(const std::vector<Option>& options) {
  std::size_t width = 0;
  for (const Option& option : options) width = std::max(width, left_of(option).size());
  std::string text;
  for (const Option& option : options) {
    std::string line = "  " + left_of(option);
    line.resize(width + 5, ' ');
    text += line + std::string(option.help) + "\n";
  }
  return text;
}

std::string title_of(const Verb& verb) {
  std::string title(verb.name);
  for (const std::string_view alias : verb.aliases) title += ", " + std::string(alias);
  return title;
}

}  // namespace

std::string overview() {
  std::string text =
      "sockmeshctl looks into and steers the sockmesh daemon of this node.\n\n"
      "usage: sockmeshctl VERB [OPTIONS] [ARGS]\n"
      "       sockmeshctl VERB --help\n\nverbs:\n";
  std::size_t width = 0;
  for (const Verb& verb : verbs()) width = std::max(width, title_of(verb).size());
  for (const Verb& verb : verbs()) {
    std::string line = "  " + title_of(verb);
    line.resize(width + 5, ' ');
    text += line + std::string(verb.summary) + "\n";
  }
  text += "\noptions of every verb:\n" + option_lines(common_options());
  return text +
         "\nexit codes: 0 done, 1 refused or failed, 2 not understood, 3 the daemon cannot be "
         "reached, 79 analyze found errors\n";
}

std::string help_for(const Verb& verb) {
  std::string text =
      std::string(verb.summary) + "\n\nusage: sockmeshctl " + std::string(verb.name) + " [OPTIONS]";
  if (!verb.operands.empty()) text += " " + std::string(verb.operands);
  text += "\n";
  if (!verb.aliases.empty()) {
    text += "also:  ";
    for (std::size_t i = 0; i < verb.aliases.size(); ++i) {
      text += (i == 0 ? "" : ", ") + std::string(verb.aliases[i]);
    }
    text += "\n";
  }
  text += "\n" + std::string(verb.details) + "\n";
  if (!verb.options.empty()) text += "\noptions:\n" + option_lines(verb.options);
  return text + "\noptions of every verb:\n" + option_lines(common_options());
}

}  // namespace sm::ctl
