// SPDX-License-Identifier: Apache-2.0
// The verbs about this machine and this program: doctor, uninstall, version.
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "base/version.h"
#include "capture/doctor.h"
#include "capture/uninstall.h"
#include "config/enrolment_rules.h"
#include "config/loader.h"
#include "config/node_config.h"
#include "ctl/admin_client.h"
#include "ctl/exit_code.h"
#include "ctl/finding_text.h"
#include "ctl/handlers.h"
#include "ctl/invocation.h"
#include "ctl/online.h"
#include "ctl/output.h"
#include "ctl/table.h"
#include "io/descriptors.h"
#include "io/pod_limits.h"

namespace sm::ctl {
namespace {

constexpr std::string_view kDefaultBpffs = "/sys/fs/bpf/sockmesh";
constexpr std::chrono::milliseconds kProbeTimeout{2'000};

// What no setting of this version captures (docs say the same).
const std::vector<std::pair<std::string, std::string>>& not_captured() {
  static const std::vector<std::pair<std::string, std::string>> kKinds = {
      {"UDP and QUIC", "leave and enter pods as without sockmesh"},
      {"raw sockets", "need CAP_NET_RAW in the pod; take it away where that matters"},
      {"sandboxes with their own network stack (gVisor, Kata)",
       "their sockets are not the kernel's"},
      {"connections older than the pod's enrolment", "restart their pods, or let them end"}};
  return kKinds;
}

Json check_row(const std::string& name, std::string_view state, const std::string& text,
               const std::string& remedy) {
  return Json{{"name", name}, {"state", state}, {"text", text}, {"remedy", remedy}};
}

Json user_check() {
  if (::geteuid() == 0) return check_row("user", "ok", "root", "");
  return check_row("user", "fail", "uid " + std::to_string(::geteuid()),
                   "run sockmeshd and sockmeshctl as root");
}

// What this process may have is what a daemon started the same way may have.
Json descriptors_check() {
  const std::size_t limit = io::descriptor_limit_hard();
  const io::PodLimits pod = io::PodLimits{}.within(limit);
  const std::string found = "RLIMIT_NOFILE may be raised to " + std::to_string(limit) +
                            ", one pod gets at most " + std::to_string(pod.descriptors);
  const std::size_t wanted = io::PodLimits{}.descriptors;
  if (pod.descriptors >= wanted) return check_row("descriptors", "ok", found, "");
  return check_row("descriptors", "warn", found,
                   "start the daemon with a hard limit above " +
                       std::to_string(wanted / kPodDescriptorsPercent * 100) +
                       " (LimitNOFILE= of its unit) for pods with very many connections");
}

// A missing daemon is not a defect of the host: doctor is what one runs before the first start.
Json daemon_check(const std::string& socket) {
  const std::string name = "daemon";
  const Answer answer = ask(socket, Json{{"verb", "status"}}, kProbeTimeout);
  if (answer.exit_code != kExitDone) {
    return check_row(name, "warn", answer.error.text, answer.error.remedy);
  }
  const std::string version = cell_at(answer.result, "version");
  if (version != kVersion) {
    return check_row(name, "warn",
                     "version " + version + ", sockmeshctl is " + std::string(kVersion),
                     "use both of one release");
  }
  return check_row(name, "ok", "version " + version + ", node " + cell_at(answer.result, "node"),
                   "");
}

// What a daemon with this node file would use, the namespaces of its pods among it.
void ask_for(const config::NodeConfig& node, capture::HostQuestion& question) {
  question.cgroup = node.cgroup;
  question.bpffs = node.bpffs;
  question.run_dir = node.run_dir;
  question.unknown_pods = node.unknown_pods;
  const auto snapshot = config::Loader("").load(node.resources);
  for (const config::Enrolment& rule : config::enrolments(*snapshot, node.node_name)) {
    if (rule.enrolled && !rule.gone) question.netns_paths.push_back(rule.netns);
  }
}

std::string doctor_text(const Json& answer) {
  Table table({"CHECK", "STATE", "FOUND"});
  std::string remedies;
  for (const Json& check : list_at(answer, "checks")) {
    table.add({cell_at(check, "name"), cell_at(check, "state"), cell_at(check, "text")});
    const std::string remedy = cell_at(check, "remedy");
    if (remedy != "-") remedies += "  " + cell_at(check, "name") + ": " + remedy + "\n";
  }
  std::string text = table.text();
  if (!remedies.empty()) text += "\nremedies\n" + remedies;
  text += "\nnot captured by sockmesh\n";
  for (const Json& kind : list_at(answer, "notCaptured")) {
    text += "  " + cell_at(kind, "what") + ": " + cell_at(kind, "text") + "\n";
  }
  return text;
}

}  // namespace

int run_doctor(const Invocation& call, Console& console) {
  capture::HostQuestion question;
  question.cgroup = call.value("--cgroup");
  question.bpffs = kDefaultBpffs;
  question.run_dir = call.run_dir();
  Json checks = Json::array({user_check()});
  if (call.has("--config")) {
    const auto node = config::load_node_config(call.value("--config"));
    if (node) {
      ask_for(*node, question);
      checks.push_back(check_row("node file", "ok", node->file, ""));
    } else {
      checks.push_back(check_row("node file", "fail", node.error().text, node.error().remedy));
    }
  }
  for (const capture::Check& check : capture::check_host(question)) {
    checks.push_back(
        check_row(check.name, capture::to_string(check.state), check.text, check.remedy));
  }
  checks.push_back(descriptors_check());
  // The node file says where its daemon is, unless the command line does.
  const bool said = call.has("--socket") || call.has("--run-dir");
  checks.push_back(daemon_check(said ? call.socket() : question.run_dir + "/admin.sock"));
  Json kinds = Json::array();
  for (const auto& [what, text] : not_captured())
    kinds.push_back(Json{{"what", what}, {"text", text}});
  const Json answer{{"checks", checks}, {"notCaptured", kinds}};
  if (!print_value(console, call.format, answer)) console.out(doctor_text(answer));
  for (const Json& check : checks) {
    if (cell_at(check, "state") == "fail") return kExitFailed;
  }
  return kExitDone;
}

int run_uninstall(const Invocation& call, Console& console) {
  const std::string run_dir = call.run_dir();
  const bool alive =
      ask(run_dir + "/admin.sock", Json{{"verb", "pods"}}, kProbeTimeout).exit_code == kExitDone;
  if (alive) {
    console.err("sockmeshctl: the daemon of " + run_dir +
                " still runs; without its programs it captures nothing. Stop it, or restart it to "
                "install them again.\n");
  }
  const auto done = capture::uninstall(run_dir);
  if (!done) return fail(console, call.format, done.error(), kExitFailed);
  Json lines = Json::array();
  std::string text;
  for (const std::string& line : *done) {
    lines.push_back(line);
    text += line + "\n";
  }
  if (text.empty()) text = "nothing of sockmesh is installed (no record in " + run_dir + ")\n";
  if (!print_value(console, call.format, Json{{"done", lines}})) console.out(text);
  return kExitDone;
}

int run_version(const Invocation& call, Console& console) {
  const Json answer{{"version", kVersion}, {"apiVersion", "sockmesh.io/v1"}};
  if (!print_value(console, call.format, answer)) {
    console.out("sockmeshctl " + std::string(kVersion) + "\n");
  }
  return kExitDone;
}

}  // namespace sm::ctl
