// SPDX-License-Identifier: Apache-2.0
// The verbs that list what the daemon has: pods, proxy-config, bpf. Headings are istioctl's where
// it has the table (istio-behaviour.md 9.6).
#include <algorithm>
#include <string>
#include <vector>

#include "ctl/capture_text.h"
#include "ctl/exit_code.h"
#include "ctl/finding_text.h"
#include "ctl/handlers.h"
#include "ctl/listing_names.h"
#include "ctl/online.h"
#include "ctl/output.h"
#include "ctl/suggest.h"
#include "ctl/table.h"

namespace sm::ctl {
namespace {

std::string pods_text(const Json& pods) {
  if (!pods.is_array() || pods.empty()) return "no pod of this node is known\n";
  Table table({"POD", "STATE", "IPS", "KIND", "WORKERS", "SESSIONS", "NETNS COOKIE", "SELF-TEST",
               "LEFT OUT", "MESSAGE"});
  for (const Json& pod : pods) {
    const bool gateway = cell_at(pod, "gateway") == "yes";
    table.add({name_of(pod), cell_at(pod, "state"), cell_at(pod, "ips"),
               gateway ? "gateway" : "pod", cell_at(pod, "workers"), cell_at(pod, "sessions"),
               cell_at(pod, "netnsCookie"), self_test(pod), left_out(object_at(pod, "lists")),
               cell_at(pod, "message")});
  }
  return table.text();
}

std::string bpf_text(const Json& bpf) {
  std::string text = Table::of(list_at(bpf, "programs"), {{"PROGRAM", "name"},
                                                          {"HOOK", "hook"},
                                                          {"ATTACHED", "attached"},
                                                          {"WHERE", "where"},
                                                          {"ID", "id"}})
                         .text();
  text += "\n" + Table::of(list_at(bpf, "maps"),
                           {{"MAP", "name"}, {"ENTRIES", "entries"}, {"CAPACITY", "capacity"}})
                     .text();
  Table counters({"COUNTER", "VALUE"});
  for (const auto& item : object_at(bpf, "counters").items()) {
    counters.add({item.key(), cell(item.value())});
  }
  return text + "\n" + counters.text();
}

// "v1 80%,v2 20%": where a route leads, as one cell; one cluster needs no share.
std::string clusters_cell(const Json& clusters) {
  std::string text;
  for (const Json& one : clusters) {
    if (!text.empty()) text += ",";
    text += one.is_object() ? cell_at(one, "cluster") : cell(one);
    if (clusters.size() > 1 && one.is_object()) text += " " + cell_at(one, "weight") + "%";
    if (cell_at(one, "exists") == "no") text += " (does not exist)";
  }
  return text.empty() ? "-" : text;
}

const std::vector<Column>& columns_of(const std::string& which) {
  static const std::vector<Column> kListeners = {{"ADDRESS", "address"},
                                                 {"PORT", "port"},
                                                 {"MATCH", "match"},
                                                 {"DESTINATION", "destination"},
                                                 {"POD", "pod"}};
  static const std::vector<Column> kRoutes = {
      {"NAME", "name"},   {"VHOST NAME", "virtualHost"},         {"DOMAINS", "domains"},
      {"MATCH", "match"}, {"VIRTUAL SERVICE", "virtualService"}, {"CLUSTERS", "clusters"}};
  static const std::vector<Column> kClusters = {
      {"SERVICE FQDN", "serviceFqdn"}, {"PORT", "port"}, {"SUBSET", "subset"},
      {"DIRECTION", "direction"},      {"TYPE", "type"}, {"DESTINATION RULE", "destinationRule"}};
  static const std::vector<Column> kEndpoints = {
      {"ENDPOINT", "endpoint"}, {"STATUS", "status"}, {"OUTLIER CHECK", "outlierCheck"},
      {"CLUSTER", "cluster"},   {"POD", "pod"},       {"NODE", "node"},
      {"PATH", "path"}};
  if (which == "listeners") return kListeners;
  if (which == "routes") return kRoutes;
  return which == "clusters" ? kClusters : kEndpoints;
}

std::string proxy_config_text(const std::string& which, Json rows) {
  for (Json& row : rows) {
    if (row.is_object() && row.contains("clusters")) {
      row["clusters"] = clusters_cell(list_at(row, "clusters"));
    }
  }
  return Table::of(rows, columns_of(which)).text();
}

}  // namespace

std::string listing_of(const std::string& word) {
  for (const std::string_view name : kListings) {
    const std::string_view singular = name.substr(0, name.size() - 1);
    if (word == name || word == singular) return std::string(name);
  }
  if (word == "l") return "listeners";
  if (word == "r") return "routes";
  if (word == "c") return "clusters";
  return word == "ep" ? "endpoints" : "";
}

std::string pod_of(const std::string& word, const std::string& namespace_name) {
  if (word.empty() || word.find('/') != std::string::npos) return word;
  if (!namespace_name.empty()) return namespace_name + "/" + word;
  const std::size_t dot = word.rfind('.');
  if (dot != std::string::npos) return word.substr(dot + 1) + "/" + word.substr(0, dot);
  return "default/" + word;
}

int run_pods(const Invocation& call, Console& console) {
  return ask_and_print(call, console, Json{{"verb", "pods"}}, pods_text);
}

int run_bpf(const Invocation& call, Console& console) {
  return ask_and_print(call, console, Json{{"verb", "bpf"}}, bpf_text);
}

int run_proxy_config(const Invocation& call, Console& console) {
  const std::string which = listing_of(call.operands[0]);
  if (which.empty()) {
    const std::string_view meant = nearest(
        call.operands[0], std::vector<std::string_view>(kListings.begin(), kListings.end()));
    std::string remedy = "write one of listeners, routes, clusters, endpoints";
    if (!meant.empty()) remedy = "did you mean \"" + std::string(meant) + "\"? " + remedy;
    return fail(
        console, Format::kTable,
        {ErrorCode::kInvalid, "proxy-config has no table \"" + call.operands[0] + "\"", remedy},
        kExitUsage);
  }
  const std::string pod =
      pod_of(call.operands.size() > 1 ? call.operands[1] : "", call.value("--namespace"));
  const Json request{{"verb", "proxy-config"}, {"which", which}, {"pod", pod}};
  return ask_and_print(call, console, request,
                       [&which](const Json& rows) { return proxy_config_text(which, rows); });
}

}  // namespace sm::ctl
