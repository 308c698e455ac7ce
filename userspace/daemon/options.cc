// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <fmt/format.h>

namespace sm::daemon {

namespace {
constexpr std::string_view kSeeHelp = "sockmeshd --help lists the options";

Error wrong(std::string text) {
  return Error{ErrorCode::kInvalid, std::move(text), std::string(kSeeHelp)};
}
}  // namespace

Result<Options> parse_options(const std::vector<std::string_view>& arguments) {
  constexpr std::string_view kConfigIs = "--config=";
  Options options;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const std::string_view argument = arguments[index];
    if (argument == "--help" || argument == "-h") {
      options.action = Options::Action::kHelp;
      return options;
    }
    if (argument == "--version") {
      options.action = Options::Action::kVersion;
      return options;
    }
    if (argument == "--check") {
      options.action = Options::Action::kCheck;
    } else if (argument == "--config") {
      if (++index == arguments.size()) return wrong("--config needs a file");
      options.config = arguments[index];
    } else if (argument.substr(0, kConfigIs.size()) == kConfigIs) {
      options.config = argument.substr(kConfigIs.size());
    } else {
      return wrong(fmt::format("unknown argument \"{}\"", argument));
    }
  }
  if (options.config.empty()) return wrong("no node file given: --config FILE");
  return options;
}

std::string_view help_text() {
  return R"(sockmeshd: the node daemon of sockmesh. It takes the traffic of this node's pods out of their sockets with eBPF and
routes it by Kubernetes and Istio resources.

usage: sockmeshd --config FILE            serve the node that the file describes
       sockmeshd --config FILE --check    load and check everything, print what was found; needs no root
       sockmeshd --version | --help

exit status: 0 ended as asked, or nothing wrong found; 1 could not start, or --check found an error; 2 wrong usage

signals: SIGTERM, SIGINT   drain for drainSeconds, then end; once more: end at once. The eBPF programs stay attached and keep
                           the pods' traffic closed until the next start or `sockmeshctl uninstall`.
         SIGHUP, SIGUSR1   open the access log file again
)";
}

}  // namespace sm::daemon
