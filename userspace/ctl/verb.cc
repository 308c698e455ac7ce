// SPDX-License-Identifier: Apache-2.0
#include "ctl/verb.h"

#include <utility>

#include "ctl/verb_table.h"

namespace sm::ctl {
namespace {

std::vector<Verb> all_verbs() {
  std::vector<Verb> all;
  for (const auto& part : {online_verbs(), store_verbs(), offline_verbs(), host_verbs()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs = all_verbs();
  return kVerbs;
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> kOptions = {
      {"--socket",
       "",
       "PATH",
       "admin socket of the daemon (default /run/sockmesh/admin.sock)",
       Offer::kFiles,
       {}},
      {"--run-dir",
       "",
       "DIR",
       "its run directory instead: the socket is DIR/admin.sock",
       Offer::kDirectories,
       {}},
      {"--output", "-o", "FORMAT", "table, json or yaml", Offer::kWords, {"table", "json", "yaml"}},
      {"--help", "-h", "", "help for the verb", Offer::kNothing, {}},
  };
  return kOptions;
}

const Verb* find_verb(std::string_view name) {
  for (const Verb& verb : verbs()) {
    if (verb.name == name) return &verb;
    for (const std::string_view alias : verb.aliases) {
      if (alias == name) return &verb;
    }
  }
  return nullptr;
}

std::vector<std::string_view> verb_names() {
  std::vector<std::string_view> names;
  for (const Verb& verb : verbs()) {
    names.push_back(verb.name);
    names.insert(names.end(), verb.aliases.begin(), verb.aliases.end());
  }
  return names;
}

}  // namespace sm::ctl
