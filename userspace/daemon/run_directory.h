// SPDX-License-Identifier: Apache-2.0
// RunDirectory: the daemon's place in the file system while it runs: `runDir` (mode 0700), the pid
// file and with it the lock that lets one daemon only use the directory. Owned by the server.
#pragma once

#include <ctime>
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

  // Whether another daemon has taken the directory since: the pid file was written again. Its
  // content does not tell, two containers may both be process 1; and trying the lock would be in
  // the way of who takes it.
  bool taken_by_another() const;
  // Lets another daemon take the directory.
  void let_go() { x_pid_file.reset(); }

 private:
  RunDirectory(std::string path, UniqueFd pid_file, timespec written)
      : x_path(std::move(path)), x_pid_file(std::move(pid_file)), x_written(written) {}

  std::string x_path;
  UniqueFd x_pid_file;  // locked
  timespec x_written;   // when the pid file was last changed by us
};

}  // namespace sm::daemon
