// SPDX-License-Identifier: Apache-2.0
#include "ctl/explanation_text.h"

#include "ctl/finding_text.h"
#include "ctl/online.h"
#include "ctl/table.h"

namespace sm::ctl {
namespace {

bool has(const Json& value, const char* key) { return cell_at(value, key) != "-"; }

std::string line(const std::string& name, const std::string& text) {
  std::string left = name + ":";
  left.resize(14, ' ');
  return left + text + "\n";
}

// "name: value" lines of {"name": ["value", ...]}.
std::string header_lines(const Json& headers) {
  std::string text;
  for (const auto& item : headers.items()) {
    if (!item.value().is_array()) {
      text += "  " + item.key() + ": " + cell(item.value()) + "\n";
      continue;
    }
    for (const Json& value : item.value()) text += "  " + item.key() + ": " + cell(value) + "\n";
  }
  return text;
}

std::string verdict_line(const Json& answer) {
  std::string text = cell_at(answer, "verdict");
  if (has(answer, "status")) text += ", status " + cell_at(answer, "status");
  if (has(answer, "flags")) text += ", flags " + cell_at(answer, "flags");
  if (cell_at(answer, "details") == "not_captured") {
    text +=
        ": the pod's traffic.sidecar.istio.io annotations leave this destination out of the mesh";
  }
  return line("verdict", text);
}

std::string service_line(const Json& answer) {
  if (!has(answer, "service") && !has(answer, "port")) return {};
  std::string text = cell_at(answer, "service") + " port " + cell_at(answer, "port") + " (" +
                     cell_at(answer, "protocol") + ")";
  if (has(answer, "virtualHost")) text += ", virtual host " + cell_at(answer, "virtualHost");
  return line("service", text);
}

std::string route_line(const Json& route) {
  if (route.empty()) return {};
  std::string text = cell_at(route, "kind") + " ";
  const std::string space = cell_at(route, "namespace");
  if (space != "-") text += space + "/";
  text += cell_at(route, "resource") + "[" + cell_at(route, "index") + "]";
  if (has(route, "name")) text += " \"" + cell_at(route, "name") + "\"";
  text += " matches " + cell_at(route, "match");
  return line("route", text + " (" + place_of(route) + ")");
}

std::string rejected_lines(const Json& rejected) {
  std::string text;
  for (const Json& one : rejected) {
    text += line("not", cell_at(one, "resource") + "[" + cell_at(one, "index") + "] because " +
                            cell_at(one, "because") + " (" + place_of(one) + ")");
  }
  return text;
}

std::string destinations_table(const Json& destinations) {
  if (destinations.empty()) return {};
  Table table({"CLUSTER", "WEIGHT", "ENDPOINT", "POD", "USED"});
  for (const Json& destination : destinations) {
    std::string cluster = cell_at(destination, "cluster");
    std::string weight = cell_at(destination, "weight");
    if (list_at(destination, "endpoints").empty()) table.add({cluster, weight, "-", "-", "-"});
    for (const Json& endpoint : list_at(destination, "endpoints")) {
      std::string used = cell_at(endpoint, "used");
      const std::string because = cell_at(endpoint, "because");
      if (because != "ready" && because != "-") used += ": " + because;
      table.add({cluster, weight, cell_at(endpoint, "address"), cell_at(endpoint, "pod"), used});
      cluster.clear();
      weight.clear();
    }
  }
  return "\n" + table.text();
}

std::string message_text(const Json& answer) {
  std::string text;
  const Json& upstream = object_at(answer, "upstream");
  if (!upstream.empty()) {
    text += "\nsent upstream\n  " + cell_at(upstream, "method") + " " + cell_at(upstream, "path") +
            " to " + cell_at(upstream, "authority") + "\n" +
            header_lines(object_at(upstream, "headers"));
  }
  const Json& response = object_at(answer, "response");
  if (!response.empty()) {
    text += "\nanswered here\n  status " + cell_at(response, "status") + "\n" +
            header_lines(object_at(response, "headers"));
    if (has(response, "body")) text += "  body: " + cell_at(response, "body") + "\n";
  }
  const Json& operations = object_at(answer, "responseHeaderOps");
  std::string changed;
  for (const char* key : {"set", "add", "remove"}) {
    if (has(operations, key))
      changed += "  " + std::string(key) + " " + cell_at(operations, key) + "\n";
  }
  return changed.empty() ? text : text + "\nchanged in the answer\n" + changed;
}

}  // namespace

std::string explanation_text(const Json& answer) {
  std::string text = verdict_line(answer) + service_line(answer) +
                     route_line(object_at(answer, "route")) +
                     rejected_lines(list_at(answer, "rejected"));
  for (const Json& mirror : list_at(answer, "mirrors")) {
    text += line("mirror", cell_at(mirror, "cluster") + ", " + cell_at(mirror, "percent") + " %");
  }
  if (has(answer, "timeoutMs")) text += line("timeout", cell_at(answer, "timeoutMs") + " ms");
  const Json& client = object_at(answer, "client");
  if (has(client, "identity")) {
    text += line("client",
                 cell_at(client, "identity") + ", attested by " + cell_at(client, "attestation"));
  }
  for (const char* key : {"retries", "faults", "authn", "authz"}) {
    if (has(answer, key)) text += line(key, cell_at(answer, key));
  }
  return text + destinations_table(list_at(answer, "destinations")) + message_text(answer);
}

}  // namespace sm::ctl
