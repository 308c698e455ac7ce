// SPDX-License-Identifier: Apache-2.0
// RunDirectory: the daemon's place in the file system while it runs: `runDir` (mode 0700), the pid
// file and with it the lock that lets one daemon only use the directory. Owned by the server.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace sm::daemon {

class RunDirectory {
 public:
  // Makes the directory (and its parents), takes the lock and writes this process's id into
  // `path`/pid. The lock ends with the process, however it ends, so a pid file that was left behind
  // is no obstacle. Errors: kUnavailable (another daemon, its pid named), kDenied, kSystem.
  static Result<RunDirectory> take(const std::string& path);

  std::string socket_path() const { return x_path + "/admin.sock"; }
  const std::string& path() const { return x_path; }

  // Lets another daemon take the directory.
  void let_go() { x_pid_file.reset(); }

 private:
  RunDirectory(std::string path, UniqueFd pid_file)
      : x_path(std::move(path)), x_pid_file(std::move(pid_file)) {}

  std::string x_path;
  UniqueFd x_pid_file;  // locked
};

}  // namespace sm::daemon
