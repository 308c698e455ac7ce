// SPDX-License-Identifier: Apache-2.0
#include "capture/uninstall.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "capture/bpffs.h"
#include "capture/node_cgroup.h"
#include "capture/record.h"

namespace sm::capture {
namespace {

// v1, v2, new-1234: nothing else in the directory is ours.
bool is_ours(const std::string& name) {
  if (name.rfind(kFreshPrefix, 0) == 0) return true;
  return name.size() > 1 && name[0] == 'v' &&
         std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<std::vector<std::string>> uninstall(const std::string& run_dir) {
  std::vector<std::string> done;
  SM_TRY_ASSIGN(const std::optional<Record> record, read_record(run_dir));
  if (!record) return done;
  if (is_on_bpffs(record->bpffs)) {
    for (const std::string& name : names_in(record->bpffs)) {
      if (is_ours(name)) SM_TRY(remove_pins(record->bpffs + "/" + name, true, done));
    }
    SM_TRY_ASSIGN(const bool left, leave_bpffs(record->bpffs, done));
    if (!left) return done;  // the record stays for the next time
  }
  const std::string leaf = record->cgroup + "/" + kProbeLeaf;
  if (::rmdir(leaf.c_str()) == 0) done.push_back("removed " + leaf);
  const std::string path = record_path(run_dir);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("remove " + path, errno);
  done.push_back("removed " + path);
  return done;
}

}  // namespace sm::capture
