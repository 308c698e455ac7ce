// SPDX-License-Identifier: Apache-2.0
// The function behind each verb: does the work, prints, returns the exit code (exit_code.h).
#pragma once

namespace sm::ctl {

class Console;
struct Invocation;

// status.cc
int run_status(const Invocation& call, Console& console);
// listings.cc
int run_pods(const Invocation& call, Console& console);
int run_proxy_config(const Invocation& call, Console& console);
int run_bpf(const Invocation& call, Console& console);
// control.cc
int run_sync(const Invocation& call, Console& console);
int run_log_level(const Invocation& call, Console& console);
int run_drain(const Invocation& call, Console& console);
int run_handover(const Invocation& call, Console& console);
// store.cc
int run_apply(const Invocation& call, Console& console);
int run_delete(const Invocation& call, Console& console);
// verdicts.cc
int run_validate(const Invocation& call, Console& console);
int run_analyze(const Invocation& call, Console& console);
// explain.cc
int run_explain(const Invocation& call, Console& console);
// host.cc
int run_doctor(const Invocation& call, Console& console);
int run_uninstall(const Invocation& call, Console& console);
int run_version(const Invocation& call, Console& console);
// completion.cc
int run_completion(const Invocation& call, Console& console);

}  // namespace sm::ctl
