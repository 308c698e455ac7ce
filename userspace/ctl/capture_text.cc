// SPDX-License-Identifier: Apache-2.0
#include "ctl/capture_text.h"

#include <algorithm>

#include "ctl/finding_text.h"
#include "ctl/online.h"
#include "ctl/table.h"

namespace sm::ctl {
namespace {

// The entries of all lists as one: "3306,192.0.2.0/24".
std::string joined(const Json& lists, const std::vector<const char*>& names) {
  std::string text;
  for (const char* name : names) {
    for (const Json& entry : list_at(lists, name)) text += (text.empty() ? "" : ",") + cell(entry);
  }
  return text;
}

// One direction: what is excluded, or all that is not included.
std::string direction(const std::string& word, const std::string& included,
                      const std::string& excluded) {
  const bool all = included.find('*') != std::string::npos;
  if (all) return excluded.empty() ? "" : word + " " + excluded;
  std::string text = word + " all";
  if (!included.empty()) text += " but " + included;
  return excluded.empty() ? text : text + ", and " + excluded;
}

bool test_fails(const Json& pod) {
  return cell_at(object_at(pod, "selfTest"), "lastFailure") != "-";
}

// Calls `visit(pod, connection)` for each connection that is older than its pod.
template <class Visit>
void each_old(const Json& status, Visit visit) {
  for (const Json& pod : list_at(status, "pods")) {
    for (const Json& one : list_at(pod, "oldConnections")) visit(pod, one);
  }
}

bool was_destroyed(const Json& connection) { return cell_at(connection, "destroyed") == "yes"; }

std::string unknown_pods(const std::string& word) {
  if (word == "allow") return "pass as without a mesh";
  return word == "hold" ? "wait until they are enrolled" : "are refused";
}

}  // namespace

std::string left_out(const Json& lists) {
  if (!lists.is_object() || lists.empty()) return "-";
  const std::string out =
      direction("to", joined(lists, {"includeOutboundPorts", "includeOutboundIPRanges"}),
                joined(lists, {"excludeOutboundPorts", "excludeOutboundIPRanges"}));
  const std::string in = direction("at", joined(lists, {"includeInboundPorts"}),
                                   joined(lists, {"excludeInboundPorts"}));
  const std::string text = out.empty() || in.empty() ? out + in : out + "; " + in;
  return text.empty() ? "-" : text;
}

std::string self_test(const Json& pod) {
  const Json& test = object_at(pod, "selfTest");
  if (test.empty()) return "-";
  if (test_fails(pod)) return "FAILS: " + cell_at(test, "lastFailure");
  const std::string passed = cell_at(test, "passed");
  return passed == "0" ? "none yet" : passed + " passed";
}

std::string open_warning(const Json& status) {
  if (cell_at(status, "onProxyDown") != "open") return {};
  return "\n*** onProxyDown: open *** while sockmeshd does not serve a pod, its traffic goes PAST "
         "THE MESH:\n*** no routing, no policy, no access log. Write onProxyDown: closed to fail "
         "closed. ***\n";
}

std::string capture_line(const Json& status) {
  const std::string unmeshed = cell_at(status, "unmeshedConnections");
  if (unmeshed == "-") return {};
  const Json& pods = list_at(status, "pods");
  const auto choosy = std::count_if(pods.begin(), pods.end(), [](const Json& pod) {
    return left_out(object_at(pod, "lists")) != "-";
  });
  std::string text = "capture: " + unmeshed + " connections of pods in the mesh went past it";
  if (choosy > 0) {
    text += ", besides what " + counted(static_cast<std::size_t>(choosy), "pod") + " " +
            (choosy == 1 ? "leaves" : "leave") + " out on purpose (sockmeshctl pods)";
  }
  return text + "; unknown pods " + unknown_pods(cell_at(status, "unknownPods")) + "\n";
}

std::vector<std::string> capture_attention(const Json& status) {
  std::vector<std::string> wrong;
  const std::string unmeshed = cell_at(status, "unmeshedConnections");
  if (unmeshed != "-" && unmeshed != "0") {
    wrong.push_back(unmeshed +
                    " connections of pods in the mesh went past it; this should never be"
                    " (sockmeshctl bpf, counters unmeshed.*)");
  }
  const Json& pods = list_at(status, "pods");
  const auto failing =
      static_cast<std::size_t>(std::count_if(pods.begin(), pods.end(), test_fails));
  if (failing > 0) {
    wrong.push_back("the capture of " + counted(failing, "pod") + (failing == 1 ? " does" : " do") +
                    " not pass its self-test (below)");
  }
  const Json& watch = object_at(status, "watch");
  const std::string found = cell_at(watch, "found");
  if (found != "-" && found != "0") {
    wrong.push_back("the watchdog found " + found + " of what keeps pods captured missing (below)");
  }
  const std::size_t stuck = list_at(watch, "stuckWorkers").size();
  if (stuck > 0)
    wrong.push_back(counted(stuck, "worker") + (stuck == 1 ? " does" : " do") + " not answer");
  std::size_t old = 0;
  each_old(status, [&old](const Json&, const Json& one) { old += was_destroyed(one) ? 0U : 1U; });
  if (old > 0) {
    wrong.push_back(counted(old, "connection") + (old == 1 ? " is" : " are") +
                    " older than the enrolment of the pod and not meshed (below)");
  }
  return wrong;
}

std::string watch_lines(const Json& status) {
  std::string text;
  for (const Json& sentence : list_at(object_at(status, "watch"), "last")) {
    text += cell(sentence) + "\n";
  }
  return text;
}

std::string self_test_table(const Json& status) {
  Table table({"POD", "PASSED", "FAILED", "LAST FAILURE"});
  for (const Json& pod : list_at(status, "pods")) {
    if (!test_fails(pod)) continue;
    const Json& test = object_at(pod, "selfTest");
    table.add({name_of(pod), cell_at(test, "passed"), cell_at(test, "failed"),
               cell_at(test, "lastFailure")});
  }
  return table.empty() ? "" : table.text();
}

std::string old_connections_table(const Json& status) {
  Table table({"POD", "LOCAL", "REMOTE", "STATE"});
  each_old(status, [&table](const Json& pod, const Json& one) {
    table.add({name_of(pod), cell_at(one, "local"), cell_at(one, "remote"),
               was_destroyed(one) ? "destroyed: its pod admits meshed clients only"
                                  : "not meshed until it ends; restart the pod to end it"});
  });
  return table.empty() ? "" : table.text();
}

}  // namespace sm::ctl
