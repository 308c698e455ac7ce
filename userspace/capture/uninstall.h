// SPDX-License-Identifier: Apache-2.0
// Uninstall: takes out of the kernel what a daemon left there, by the record in its run directory.
// The only thing that detaches; the daemon may be dead, and afterwards the pods' traffic is
// untouched by us.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sm::capture {

// Detaches every link, removes every pin, unmounts bpffs if the daemon mounted it and nobody else
// uses it, and removes the record. Returns one line for each thing done; empty when there was
// nothing (idempotent). Any thread.
Result<std::vector<std::string>> uninstall(const std::string& run_dir);

}  // namespace sm::capture
