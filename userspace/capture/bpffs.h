// SPDX-License-Identifier: Apache-2.0
// Bpffs: the directory of pins. Mounts the file system when it is missing, keeps two daemons out of
// one directory, and builds a new set of pins under a temporary name that becomes v<ABI> in one
// rename. Control thread.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sm::capture {

// What a half-made set of pins is called until it is renamed; bpffs allows no dots in names.
inline constexpr const char* kFreshPrefix = "new-";

// Makes `directory` exist on a bpffs. A file system that this mounts is known as ours by its
// source, "sockmesh".
Result<> ensure_bpffs(const std::string& directory);
// Removes `directory` when it is empty, and unmounts the bpffs when we mounted it and nobody has
// pins there. false: it is in use, a later call may finish.
Result<bool> leave_bpffs(const std::string& directory, std::vector<std::string>& done);
bool is_on_bpffs(const std::string& path);

// Exclusive use of `directory` while the descriptor is open. kUnavailable: another process has it.
Result<UniqueFd> lock_directory(const std::string& directory);

Result<> make_directory(const std::string& path);
// The names in a directory, sorted; empty when it does not exist.
std::vector<std::string> names_in(const std::string& path);
// Removes a tree of pins. Links are detached first when `detach`: others may still hold them open.
// Each removed pin is appended to `done`.
Result<> remove_pins(const std::string& path, bool detach, std::vector<std::string>& done);

}  // namespace sm::capture
