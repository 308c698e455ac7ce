// SPDX-License-Identifier: Apache-2.0
// Record: capture.json in the run directory says what the daemon has put into the system, so that
// uninstall can take it out while the daemon is dead. Written before the first pin is made.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace sm::capture {

struct Record {
  std::string bpffs;   // the directory that holds v<ABI>/
  std::string cgroup;  // absolute; for people
};

std::string record_path(const std::string& run_dir);
// Replaces the file in one rename.
Result<> write_record(const std::string& run_dir, const Record& record);
// nullopt: there is none. kInvalid: it is not ours.
Result<std::optional<Record>> read_record(const std::string& run_dir);

}  // namespace sm::capture
