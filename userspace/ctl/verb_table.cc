// SPDX-License-Identifier: Apache-2.0
#include "ctl/verb_table.h"

#include <limits>

#include "ctl/handlers.h"

namespace sm::ctl {
namespace {

constexpr std::size_t kMany = std::numeric_limits<std::size_t>::max();

Option flag(std::string_view name, std::string_view help) {
  return {name, "", "", help, Offer::kNothing, {}};
}

Option value(std::string_view name, std::string_view letter, std::string_view argument,
             std::string_view help, Offer offer = Offer::kNothing) {
  return {name, letter, argument, help, offer, {}};
}

Option namespace_option() {
  return value("--namespace", "-n", "NS", "namespace of what names none");
}

Option file_option() {
  return value("--filename", "-f", "FILE", "a file, a directory, or - ; may be repeated",
               Offer::kFiles);
}

Option directory_option() {
  return value("--dir", "", "DIR", "the directory that the daemons read", Offer::kDirectories);
}

// A verb that takes neither operands nor options of its own.
Verb plain(std::string_view name, std::string_view summary, std::string_view details,
           int (*run)(const Invocation&, Console&)) {
  return {name, {}, "", 0, 0, summary, details, {}, Offer::kNothing, {}, run};
}

Verb status_verb() {
  Verb verb = plain("status", "is all well? what is rejected, not ready, not attached",
                    "What is wrong comes first. JSON holds everything: generation, documents,\n"
                    "findings, pods, programs, workers, counters.",
                    run_status);
  verb.aliases = {"proxy-status", "ps"};
  return verb;
}

Verb sync_verb() {
  Verb verb =
      plain("sync", "wait until what is on disk is in force",
            "Reads the resource directories now and returns when every document is in force\n"
            "or rejected in every worker and every pod is Ready. Exit 1 when the time runs\n"
            "out before.",
            run_sync);
  verb.options = {value("--wait", "", "SECONDS", "how long to wait at most (default 10)")};
  return verb;
}

Verb proxy_config_verb() {
  return {"proxy-config",
          {"pc"},
          "listeners|routes|clusters|endpoints [POD]",
          1,
          2,
          "what the node proxy does for its pods, with istioctl's columns",
          "POD is namespace/name, or name.namespace as istioctl has it, or name with -n.\n"
          "Without POD: all pods of this node.",
          {namespace_option()},
          Offer::kWords,
          {"listeners", "routes", "clusters", "endpoints"},
          run_proxy_config};
}

Verb log_level_verb() {
  return {"log-level",
          {},
          "[COMPONENT:]LEVEL",
          1,
          1,
          "change what the daemon logs, without a restart",
          "LEVEL: trace, debug, info, warn, error. COMPONENT: daemon, config, plan, capture,\n"
          "proxy, upstream, admin; without one, all of them.\n"
          "  sockmeshctl log-level capture:debug",
          {},
          Offer::kWords,
          {"trace", "debug", "info", "warn", "error"},
          run_log_level};
}

Verb apply_verb() {
  return {"apply",
          {},
          "[FILE...]",
          0,
          kMany,
          "put resources into a directory, as an API server would",
          "One file per object, replaced by kind, namespace and name, renamed into place.\n"
          "Fills in the namespace, uid, creationTimestamp and, with --service-cidr, a\n"
          "clusterIP that stays.\n"
          "  sockmeshctl apply -f shop.yaml --dir /etc/sockmesh/resources",
          {file_option(), directory_option(), namespace_option(),
           value("--service-cidr", "", "CIDR", "IPv4 range of the Services' addresses")},
          Offer::kFiles,
          {},
          run_apply};
}

Verb delete_verb() {
  return {"delete",
          {},
          "[FILE...]",
          0,
          kMany,
          "take resources out of a directory again",
          "The files say which objects; the rest of their content does not matter. Exit 1\n"
          "when one is not there.",
          {file_option(), directory_option(), namespace_option(),
           flag("--ignore-not-found", "objects that are not there are fine")},
          Offer::kFiles,
          {},
          run_delete};
}

Verb explain_verb() {
  return {"explain",
          {},
          "METHOD URL | tcp://ADDRESS:PORT",
          0,
          kMany,
          "what would happen to a request, and why",
          "The route and why the others lost, the endpoints and why some are left out, the\n"
          "headers that would be sent. Asks the daemon, or with --config the directories\n"
          "(no daemon, no root, no network). The URL is used as written; a Host header\n"
          "replaces its authority. Exit 0 whatever the verdict, 1 when it cannot answer.\n"
          "  sockmeshctl explain --from shop/front-1 GET http://catalogue/health\n"
          "  sockmeshctl explain --config res --gateway istio-system/gw --port 80 GET http://x/\n"
          "  sockmeshctl explain --config res --batch requests.jsonl",
          {value("--config", "", "DIR...", "directories of resources instead of the daemon",
                 Offer::kDirectories),
           value("--from", "", "NS/POD", "the pod that asks"),
           value("--gateway", "", "NS/POD", "the gateway that is asked from outside"),
           value("--port", "", "N", "the gateway's port"),
           value("--tls", "", "SNI", "the server name of the TLS connection to the gateway"),
           value("--header", "-H", "'NAME: VALUE'", "a header of the request; may be repeated"),
           value("--batch", "", "FILE",
                 "JSON lines of requests (- = standard input), one answer each", Offer::kFiles)},
          Offer::kNothing,
          {},
          run_explain};
}

Verb doctor_verb() {
  Verb verb =
      plain("doctor", "what this kernel, cgroup layout and user can and cannot do",
            "Changes nothing. Exit 1 when something is missing that the daemon needs.", run_doctor);
  verb.options = {
      value("--config", "", "FILE", "the node file, to check its cgroup and bpffs", Offer::kFiles),
      value("--cgroup", "", "PATH", "subtree of the pods, when there is no node file yet")};
  return verb;
}

}  // namespace

std::vector<Verb> online_verbs() {
  return {status_verb(),
          plain("pods", "the pods of this node: state, addresses, owner workers, sessions",
                "Pods of this node that are not in the mesh are listed with the reason.", run_pods),
          sync_verb(),
          proxy_config_verb(),
          plain("bpf", "eBPF programs, maps and counters",
                "Counters live in the kernel and survive restarts of the daemon.", run_bpf),
          log_level_verb(),
          plain("drain", "let connections end, as SIGTERM does, without ending the daemon",
                "New requests still work; answers ask clients to open new connections.", run_drain),
          plain("handover", "let the next sockmeshd take over without a refused connection",
                "Start the next daemon on the same node file right after it. Until that has every "
                "pod this "
                "one serves on; if none comes within 30 s, it goes on as before.",
                run_handover)};
}

std::vector<Verb> store_verbs() { return {apply_verb(), delete_verb()}; }

std::vector<Verb> offline_verbs() {
  return {{"validate",
           {},
           "FILE...",
           1,
           kMany,
           "judge each document alone, as Istio's webhook would",
           "FILE may be a directory, or - for standard input. Needs no daemon. Exit 1 when\n"
           "one is invalid.",
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
           "Finds dangling references, duplicates, shadowed hosts and what this version does\n"
           "not honour, with istioctl's codes. Needs no daemon. Exit 79 when there are errors.",
           {},
           Offer::kFiles,
           {},
           run_analyze},
          explain_verb()};
}

std::vector<Verb> host_verbs() {
  return {doctor_verb(),
          plain("uninstall", "detach all programs and remove all pins of a node",
                "Works from the record in the run directory, also when the daemon is dead.\n"
                "Afterwards pods send and receive as if sockmesh had never been there.",
                run_uninstall),
          plain("version", "the version of sockmeshctl", "Needs no daemon.", run_version),
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
           run_completion}};
}

}  // namespace sm::ctl
