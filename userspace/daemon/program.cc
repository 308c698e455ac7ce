// SPDX-License-Identifier: Apache-2.0
#include "daemon/program.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "base/log.h"
#include "base/version.h"
#include "config/node_config.h"
#include "daemon/check.h"
#include "daemon/options.h"
#include "daemon/server.h"
#include "io/descriptors.h"

namespace sm::daemon {

namespace {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int complain(const Error& error, int status) {
  fmt::print(stderr, "sockmeshd: {}\n", error.describe());
  return status;
}

void set_log_levels(const config::NodeConfig& node) {
  log::set_all_levels(node.log_level);
  for (const auto& [component, level] : node.component_levels) {
    log::set_level(component, level);
  }
}

int serve(config::NodeConfig node) {
  set_log_levels(node);
  // Each session is two descriptors, each pod several; what the hard limit allows is ours to use.
  io::raise_descriptor_limit();
  auto server = Server::start(std::move(node));
  if (!server) return complain(server.error(), kExitFailed);
  (*server)->run();
  return kExitDone;
}

}  // namespace

int run_program(const std::vector<std::string_view>& arguments) {
  const auto options = parse_options(arguments);
  if (!options) return complain(options.error(), kExitUsage);
  using Action = Options::Action;
  if (options->action == Action::kHelp) {
    fmt::print("{}", help_text());
    return kExitDone;
  }
  if (options->action == Action::kVersion) {
    fmt::print("sockmeshd {}\n", kVersion);
    return kExitDone;
  }
  auto node = config::load_node_config(options->config);
  if (!node) {
    // `file:line:column: ...` as it is: editors jump there.
    fmt::print(stderr, "{}\n", node.error().describe());
    return kExitFailed;
  }
  if (options->action == Action::kCheck) return check_resources(*node, stdout);
  return serve(std::move(*node));
}

}  // namespace sm::daemon
