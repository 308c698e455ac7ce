// SPDX-License-Identifier: Apache-2.0
// SourceWatch: tells that something below the resource directories changed: an edit, a rename, a deletion, a ConfigMap's
// `..data` swap. Owned by the control thread, which watches fd() for reading, calls drain() and starts its debounce
// (kReloadDebounce) when it says true.
//
// Promises: a change after open() or after a drain() makes fd() readable. A directory that is missing is looked for through
// its nearest existing parent, so that it is noticed when it appears. Spurious changes are possible, missed ones are not.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace sm::config {

class SourceWatch {
 public:
  // Fails only when the kernel gives no inotify instance (fs.inotify.max_user_instances).
  static Result<SourceWatch> open(std::vector<std::string> directories);

  int fd() const { return x_fd.get(); }
  // Reads what is pending and renews the watches (new folders, new link targets). True: reload. Never blocks.
  bool drain();
  // Folders that could not be watched (fs.inotify.max_user_watches); their changes would be missed. Empty: all is well.
  const std::vector<std::string>& unwatched() const { return x_unwatched; }

 private:
  SourceWatch(UniqueFd fd, std::vector<std::string> directories);
  void renew();
  void watch_tree(const std::string& directory, int depth);
  void watch_missing(const std::string& path);
  bool watch_one(const std::string& directory);

  UniqueFd x_fd;
  std::vector<std::string> x_directories;
  std::map<std::string, int> x_watches;  // path -> watch descriptor
  std::map<std::string, int> x_renewed;  // the same, while renew() runs
  std::vector<std::string> x_unwatched;
};

}  // namespace sm::config
