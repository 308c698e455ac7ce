// SPDX-License-Identifier: Apache-2.0
// sockmeshd: reads its command line and the node file, then serves (server.h) or checks (check.h).
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/version.h"
#include "config/node_config.h"
#include "daemon/check.h"
#include "daemon/options.h"
#include "daemon/server.h"
#include "daemon/signals.h"

namespace {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int complain(const sm::Error& error, int status) {
  fmt::print(stderr, "sockmeshd: {}\n", error.describe());
  return status;
}

// Each session is two descriptors, each pod several; what the hard limit allows is ours to use.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void set_log_levels(const sm::config::NodeConfig& node) {
  sm::log::set_all_levels(node.log_level);
  for (const auto& [component, level] : node.component_levels) {
    sm::log::set_level(component, level);
  }
}

int serve(sm::config::NodeConfig node) {
  set_log_levels(node);
  raise_descriptor_limit();
  auto server = sm::daemon::Server::start(std::move(node));
  if (!server) return complain(server.error(), kExitFailed);
  (*server)->run();
  return kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  sm::daemon::block_signals();
  const auto options =
      sm::daemon::parse_options(std::vector<std::string_view>(argv + 1, argv + argc));
  if (!options) return complain(options.error(), kExitUsage);
  using Action = sm::daemon::Options::Action;
  if (options->action == Action::kHelp) {
    fmt::print("{}", sm::daemon::help_text());
    return kExitDone;
  }
  if (options->action == Action::kVersion) {
    fmt::print("sockmeshd {}\n", sm::kVersion);
    return kExitDone;
  }
  auto node = sm::config::load_node_config(options->config);
  if (!node) {
    // `file:line:column: ...` as it is: editors jump there.
    fmt::print(stderr, "{}\n", node.error().describe());
    return kExitFailed;
  }
  if (options->action == Action::kCheck) return sm::daemon::check_resources(*node, stdout);
  return serve(std::move(*node));
}
