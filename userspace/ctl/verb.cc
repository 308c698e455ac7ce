// SPDX-License-Identifier: Apache-2.0
#include "ctl/verb.h"

#include <limits>

#include "ctl/handlers.h"

namespace sm::ctl {
namespace {

constexpr std::size_t kMany = std::numeric_limits<std::size_t>::max();

const Option kNamespace{"--namespace",   "-n", "NS", "namespace of what names none",
                        Offer::kNothing, {}};

std::vector<Verb> online_verbs() {
  return {
      {"status",
       {"proxy-status", "ps"},
       "",
       0,
       0,
       "is all well? what is rejected, not ready, not attached",
       "What is wrong comes first. JSON holds everything: generation, documents, findings, pods,\n"
       "programs, workers, counters.",
       {},
       Offer::kNothing,
       {},
       run_status},
      {"pods",
       {},
       "",
       0,
       0,
       "the pods of this node: state, addresses, owner workers, sessions",
       "Pods of this node that are not in the mesh are listed with the reason.",
       {},
       Offer::kNothing,
       {},
       run_pods},
      {"sync",
       {},
       "",
       0,
       0,
       "wait until what is on disk is in force",
       "Reads the resource directories now and returns when every document is in force or rejected "
       "in\n"
       "every worker and every pod is Ready. Exit 1 when the time runs out before.",
       {{"--wait", "", "SECONDS", "how long to wait at most (default 10)", Offer::kNothing, {}}},
       Offer::kNothing,
       {},
       run_sync},
      {"proxy-config",
       {"pc"},
       "listeners|routes|clusters|endpoints [POD]",
       1,
       2,
       "what the node proxy does for its pods, with istioctl's columns",
       "POD is namespace/name, or name.namespace as istioctl has it, or name with -n. Without POD: "
       "all\n"
       "pods of this node.",
       {kNamespace},
       Offer::kWords,
       {"listeners", "routes", "clusters", "endpoints"},
       run_proxy_config},
      {"bpf",
       {},
       "",
       0,
       0,
       "eBPF programs, maps and counters",
       "Counters live in the kernel and survive restarts of the daemon.",
       {},
       Offer::kNothing,
       {},
       run_bpf},
      {"log-level",
       {},
       "[COMPONENT:]LEVEL",
       1,
       1,
       "change what the daemon logs, without a restart",
       "LEVEL: trace, debug, info, warn, error. Without COMPONENT: all of them.\n"
       "  sockmeshctl log-level capture:debug",
       {},
       Offer::kWords,
       {"trace", "debug", "info", "warn", "error"},
       run_log_level},
      {"drain",
       {},
       "",
       0,
       0,
       "let connections end, as SIGTERM does, without ending the daemon",
       "New requests still work; answers ask clients to open new connections.",
       {},
       Offer::kNothing,
       {},
       run_drain},
  };
}

std::vector<Verb> offline_verbs() {
  const Option filename{"--filename",  "-f", "FILE", "a file, a directory, or - ; may be repeated",
                        Offer::kFiles, {}};
  const Option directory{
      "--dir", "", "DIR", "the directory that the daemons read", Offer::kDirectories, {}};
  return {
      {"apply",
       {},
       "[FILE...]",
       0,
       kMany,
       "put resources into a directory, as an API server would",
       "One file per object, replaced by kind, namespace and name, renamed into place. Fills in "
       "the\n"
       "namespace, uid, creationTimestamp and, with --service-cidr, a clusterIP that stays.\n"
       "  sockmeshctl apply -f shop.yaml --dir /etc/sockmesh/resources",
       {filename,
        directory,
        kNamespace,
        {"--service-cidr",
         "",
         "CIDR",
         "IPv4 range of the Services' addresses",
         Offer::kNothing,
         {}}},
       Offer::kFiles,
       {},
       run_apply},
      {"delete",
       {},
       "[FILE...]",
       0,
       kMany,
       "take resources out of a directory again",
       "The files say which objects; the rest of their content does not matter. Exit 1 when one is "
       "not\n"
       "there.",
       {filename,
        directory,
        kNamespace,
        {"--ignore-not-found", "", "", "objects that are not there are fine", Offer::kNothing, {}}},
       Offer::kFiles,
       {},
       run_delete},
      {"validate",
       {},
       "FILE...",
       1,
       kMany,
       "judge each document alone, as Istio's webhook would",
       "FILE may be a directory, or - for standard input. Needs no daemon. Exit 1 when one is "
       "invalid.",
       {},
       Offer::kFiles,
       {},
       run_validate},
      {"analyze",
       {},
       "DIR...",
       1,
       kMany,
       "judge a set of resources together, before it ships",
       "Finds dangling references, duplicates, shadowed hosts and what this version does not "
       "honour, with\n"
       "istioctl's codes. Needs no daemon. Exit 79 when there are errors.",
       {},
       Offer::kFiles,
       {},
       run_analyze},
      {"doctor",
       {},
       "",
       0,
       0,
       "what this kernel, cgroup layout and user can and cannot do",
       "Changes nothing. Exit 1 when something is missing that the daemon needs.",
       {{"--config", "", "FILE", "the node file, to check its cgroup and bpffs", Offer::kFiles, {}},
        {"--cgroup",
         "",
         "PATH",
         "subtree of the pods, when there is no node file yet",
         Offer::kNothing,
         {}}},
       Offer::kNothing,
       {},
       run_doctor},
      {"uninstall",
       {},
       "",
       0,
       0,
       "detach all programs and remove all pins of a node",
       "Works from the record in the run directory, also when the daemon is dead. Afterwards pods "
       "send\n"
       "and receive as if sockmesh had never been there.",
       {},
       Offer::kNothing,
       {},
       run_uninstall},
      {"version",
       {},
       "",
       0,
       0,
       "the version of sockmeshctl",
       "Needs no daemon.",
       {},
       Offer::kNothing,
       {},
       run_version},
      {"completion",
       {},
       "bash",
       1,
       1,
       "shell completion",
       "  source <(sockmeshctl completion bash)",
       {},
       Offer::kWords,
       {"bash"},
       run_completion},
  };
}

std::vector<Verb> all_verbs() {
  std::vector<Verb> all = online_verbs();
  for (Verb& verb : offline_verbs()) all.push_back(std::move(verb));
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
