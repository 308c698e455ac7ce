// SPDX-License-Identifier: Apache-2.0
#include "ctl/status.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/text.h"
#include "ctl/capture_text.h"
#include "ctl/finding_text.h"
#include "ctl/handlers.h"
#include "ctl/online.h"
#include "ctl/table.h"

namespace sm::ctl {
namespace {

// Parts of the names of counters that count trouble (docs/BPF.md lists them all).
constexpr std::array<std::string_view, 14> kTrouble = {
    "denied", "unknown", "no_",      "stuck", "unpublished", "failed", "error",
    "refuse", "dropped", "overflow", "_lost", "illegal",     "leak",   "timeout"};

std::size_t count_state(const Json& documents, std::string_view state) {
  return static_cast<std::size_t>(
      std::count_if(documents.begin(), documents.end(),
                    [state](const Json& document) { return cell_at(document, "state") == state; }));
}

// Errors that are not already told by the rejection of their document.
std::size_t count_other_errors(const Json& status) {
  const Json& documents = list_at(status, "documents");
  std::size_t count = 0;
  for (const Json& finding : list_at(status, "findings")) {
    if (cell_at(finding, "severity") != "error") continue;
    const bool told = std::any_of(documents.begin(), documents.end(), [&finding](const Json& one) {
      return cell_at(one, "state") == "quarantined" && same_object(one, finding);
    });
    if (!told) ++count;
  }
  return count;
}

bool is_ready(const Json& pod) { return cell_at(pod, "state") == "Ready"; }

bool is_attached(const Json& program) { return cell_at(program, "attached") == "yes"; }

template <class Test>
Json chosen(const Json& rows, Test test) {
  Json some = Json::array();
  for (const Json& row : rows) {
    if (test(row)) some.push_back(row);
  }
  return some;
}

Json pods_not_ready(const Json& status) {
  return chosen(list_at(status, "pods"),
                [](const Json& pod) { return !is_ready(pod) && !is_outside(pod); });
}

Json programs_detached(const Json& status) {
  return chosen(list_at(status, "programs"),
                [](const Json& program) { return !is_attached(program); });
}

std::vector<std::pair<std::string, std::string>> troubled_counters(const Json& status) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const char* table : {"counters", "metrics"}) {
    for (const auto& item : object_at(status, table).items()) {
      const std::string value = cell(item.value());
      if (value != "0" && value != "-" && should_be_zero(item.key())) {
        found.emplace_back(item.key(), value);
      }
    }
  }
  return found;
}

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? std::string() : "\n" + title + "\n" + body;
}

std::string head(const Json& status) {
  std::string leg = cell_at(status, "betweenNodes");
  if (leg == "plaintext") leg = "plaintext (not encrypted)";
  Table table({"NODE", "GENERATION", "VERSION", "WORKERS", "BETWEEN NODES"});
  table.add({cell_at(status, "node"), cell_at(status, "generation"), cell_at(status, "version"),
             std::to_string(list_at(status, "workers").size()), leg});
  return table.text();
}

std::string verdict(const Json& status) {
  const std::vector<std::string> wrong = attention(status);
  if (wrong.empty()) return "\nall is well\n";
  std::string text = "\n" + counted(wrong.size(), "thing") +
                     (wrong.size() == 1 ? " needs" : " need") + " attention\n";
  for (const std::string& sentence : wrong) text += "  * " + sentence + "\n";
  return text;
}

std::string documents_line(const Json& status) {
  const Json& documents = list_at(status, "documents");
  const std::size_t rejected = count_state(documents, "quarantined");
  const std::size_t ignored = count_state(documents, "ignored");
  return "\ndocuments: " + std::to_string(documents.size() - rejected - ignored) + " in force (" +
         std::to_string(count_state(documents, "warned")) + " with warnings), " +
         std::to_string(rejected) + " rejected, " + std::to_string(ignored) +
         " of kinds that a mesh has no use for\n";
}

std::string rejected_text(const Json& status) {
  std::string text;
  for (const Json& document : list_at(status, "documents")) {
    if (cell_at(document, "state") != "quarantined") continue;
    text += cell_at(document, "kind") + " " + name_of(document) + " (" + place_of(document) + ")";
    if (cell_at(document, "lastGoodInForce") == "yes")
      text += ", its last good version is in force";
    text += "\n";
  }
  return text;
}

// Findings of the worst kind first, in their order otherwise.
std::string findings_text(const Json& status) {
  std::string text;
  for (const std::string_view severity : {"error", "warning"}) {
    for (const Json& finding : list_at(status, "findings")) {
      if (cell_at(finding, "severity") == severity) text += finding_text(finding);
    }
  }
  return text;
}

std::string pods_table(const Json& pods) {
  if (pods.empty()) return {};
  Table table({"POD", "STATE", "WHY"});
  for (const Json& pod : pods) {
    table.add({name_of(pod), cell_at(pod, "state"), cell_at(pod, "message")});
  }
  return table.text();
}

std::string counters_table(const Json& status) {
  const auto troubled = troubled_counters(status);
  if (troubled.empty()) return {};
  Table table({"COUNTER", "VALUE"});
  for (const auto& [name, value] : troubled) table.add({name, value});
  return table.text();
}

std::string rows_table(const Json& rows, const std::vector<Column>& columns) {
  return rows.empty() ? std::string() : Table::of(rows, columns).text();
}

// One row a program: those of the pods are attached in as many places as there are pods.
std::string programs_table(const Json& programs) {
  struct Places {
    std::string name;
    std::size_t attached = 0;
    std::vector<std::string> where;
  };
  std::vector<Places> all;
  for (const Json& program : programs) {
    const std::string name = cell_at(program, "name");
    auto found = std::find_if(all.begin(), all.end(),
                              [&name](const Places& places) { return places.name == name; });
    if (found == all.end()) found = all.insert(all.end(), Places{name, 0, {}});
    found->where.push_back(cell_at(program, "where"));
    if (is_attached(program)) ++found->attached;
  }
  if (all.empty()) return {};
  Table table({"PROGRAM", "ATTACHED", "WHERE"});
  for (const Places& places : all) {
    const std::size_t count = places.where.size();
    const std::string attached = std::to_string(places.attached) + " of " + std::to_string(count);
    table.add({places.name, count == 1 ? (places.attached == 1 ? "yes" : "no") : attached,
               count == 1 ? places.where[0] : counted(count, "place")});
  }
  return table.text();
}

}  // namespace

bool should_be_zero(std::string_view counter) {
  return std::any_of(kTrouble.begin(), kTrouble.end(), [counter](std::string_view part) {
    return counter.find(part) != std::string_view::npos;
  });
}

bool is_outside(const Json& pod) {
  const std::string state = to_lower(cell_at(pod, "state"));
  return state == "notenrolled" || state == "not enrolled" || state == "bypass" ||
         state == "outside";
}

std::vector<std::string> attention(const Json& status) {
  std::vector<std::string> wrong;
  const auto note = [&wrong](std::size_t number, const std::string& noun, const char* one,
                             const char* many) {
    if (number != 0) wrong.push_back(counted(number, noun) + (number == 1 ? one : many));
  };
  note(count_state(list_at(status, "documents"), "quarantined"), "document",
       " is rejected; the rest applies", " are rejected; the rest applies");
  note(count_other_errors(status), "error", " in the resources (below)",
       " in the resources (below)");
  note(pods_not_ready(status).size(), "pod", " is not ready", " are not ready");
  if (list_at(status, "programs").empty()) {
    wrong.emplace_back("no eBPF program is attached: nothing is captured");
  }
  note(programs_detached(status).size(), "eBPF program", " is not attached", " are not attached");
  note(troubled_counters(status).size(), "counter", " that should be zero is not",
       " that should be zero are not");
  if (list_at(status, "workers").empty()) wrong.emplace_back("no worker runs");
  for (std::string& sentence : capture_attention(status)) wrong.push_back(std::move(sentence));
  return wrong;
}

std::string status_text(const Json& status) {
  const Json outside =
      chosen(list_at(status, "pods"), [](const Json& pod) { return is_outside(pod); });
  const Json ready = chosen(list_at(status, "pods"), [](const Json& pod) { return is_ready(pod); });
  std::string text = head(status) + open_warning(status) + verdict(status) + documents_line(status);
  text += "pods: " + std::to_string(ready.size()) + " ready, " +
          std::to_string(pods_not_ready(status).size()) + " not ready, " +
          std::to_string(outside.size()) + " of this node not in the mesh\n";
  text += capture_line(status);
  text += section("REJECTED", rejected_text(status));
  text += section("FINDINGS", findings_text(status));
  text += section("PODS NOT READY", pods_table(pods_not_ready(status)));
  text += section("PODS NOT IN THE MESH", pods_table(outside));
  text += section("FOUND BY THE WATCHDOG (newest last)", watch_lines(status));
  text += section("PODS WHOSE CAPTURE DOES NOT PASS ITS SELF-TEST", self_test_table(status));
  text +=
      section("CONNECTIONS OLDER THAN THE ENROLMENT OF THEIR POD", old_connections_table(status));
  text += section("COUNTERS THAT SHOULD BE ZERO (since the programs were installed)",
                  counters_table(status));
  text += section("PROGRAMS", programs_table(list_at(status, "programs")));
  text += section("WORKERS", rows_table(list_at(status, "workers"), {{"WORKER", "index"},
                                                                     {"SESSIONS", "sessions"},
                                                                     {"REQUESTS", "requests"}}));
  return text;
}

int run_status(const Invocation& call, Console& console) {
  return ask_and_print(call, console, Json{{"verb", "status"}}, status_text);
}

}  // namespace sm::ctl
