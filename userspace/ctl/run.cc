// SPDX-License-Identifier: Apache-2.0
#include "ctl/run.h"

#include "ctl/exit_code.h"
#include "ctl/handlers.h"
#include "ctl/help.h"
#include "ctl/invocation.h"
#include "ctl/output.h"

namespace sm::ctl {

int run(const std::vector<std::string>& arguments, Console& console) {
  if (arguments.empty()) {
    console.err(overview());
    return kExitUsage;
  }
  const auto call = parse_arguments(arguments);
  if (!call) return fail(console, Format::kTable, call.error(), kExitUsage);
  if (call->help) {
    console.out(call->verb == nullptr ? overview() : help_for(*call->verb));
    return kExitDone;
  }
  if (call->version) return run_version(*call, console);
  return call->verb->run(*call, console);
}

}  // namespace sm::ctl
