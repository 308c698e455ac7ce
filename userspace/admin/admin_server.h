// SPDX-License-Identifier: Apache-2.0
// AdminServer: the Unix socket of the daemon, for root only (peer credential uid 0). One request is
// one line of JSON, {"verb": "...", ...arguments}; the answer is one line, {"result": ...} or
// {"error": {"code","text","remedy"}}. Several requests may follow each other on one connection.
// Owned by the daemon, control thread.
#pragma once

#include <memory>
#include <string>

#include "admin/views.h"
#include "base/result.h"
#include "io/loop.h"

namespace sm::admin {

class AdminServer {
  class Impl;

 public:
  // Binds `path` (mode 0600) and serves. A stale socket file of a dead daemon is replaced; a live
  // one is an error. The file goes with the server.
  static Result<std::unique_ptr<AdminServer>> listen(io::Loop& loop, const std::string& path,
                                                     Views& views);
  explicit AdminServer(std::unique_ptr<Impl> impl);  // listen() is the way to make one
  ~AdminServer();

 private:
  std::unique_ptr<Impl> x_impl;
};

}  // namespace sm::admin
