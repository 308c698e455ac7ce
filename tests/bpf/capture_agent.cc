// SPDX-License-Identifier: Apache-2.0
// The program of capture_test.py: see agent.h.
//
//   capture_agent --cgroup C --bpffs D --run-dir R [--unknown deny|hold|allow] [--down closed|open]
//   capture_agent --uninstall R
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "bpf/agent.h"
#include "capture/capture.h"
#include "capture/uninstall.h"

namespace sm::capture {
namespace {

int fail(const Error& error) {
  std::fprintf(stdout, "%s\n", dump_json(Json{{"error", error.describe()}}).c_str());
  return 1;
}

int main_of(const std::map<std::string, std::string>& options) {
  if (const auto run_dir = options.find("--uninstall"); run_dir != options.end()) {
    const Result<std::vector<std::string>> done = uninstall(run_dir->second);
    if (!done) return fail(done.error());
    std::fprintf(stdout, "%s\n", dump_json(Json(*done)).c_str());
    return 0;
  }
  KernelConfig config;
  for (const auto& [name, value] : options) {
    if (name == "--cgroup") config.cgroup = value;
    if (name == "--bpffs") config.bpffs = value;
    if (name == "--run-dir") config.run_dir = value;
    if (name == "--unknown" && value == "allow") config.unknown_pods = UnknownPods::kAllow;
    if (name == "--unknown" && value == "hold") config.unknown_pods = UnknownPods::kHold;
    if (name == "--down" && value == "open") config.open_when_down = true;
    if (name == "--log") log::set_all_levels(log::parse_level(value).value_or(log::Level::kInfo));
  }
  Result<std::unique_ptr<Kernel>> kernel = Kernel::open(config);
  if (!kernel) return fail(kernel.error());
  std::fprintf(stdout, "%s\n",
               dump_json(Json{{"ok", true}, {"recovered", (*kernel)->recovered()}}).c_str());
  std::fflush(stdout);
  Agent agent(**kernel);
  agent.run();
  return 0;
}

}  // namespace
}  // namespace sm::capture

int main(int count, char** arguments) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < count; i += 2) options[arguments[i]] = arguments[i + 1];
  return sm::capture::main_of(options);
}
