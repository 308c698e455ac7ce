// SPDX-License-Identifier: Apache-2.0
// SourceWatch: tells that something below the resource directories changed: an edit, a rename, a
// deletion, a ConfigMap's
// `..data` swap. Owned by the control thread, which watches fd() for reading, calls drain() and
// starts its debounce (kReloadDebounce) when it says true.
//
// Promises: a change after open() or after a drain() makes fd() readable. A written file counts
// when its writer closes it, so a half-written one causes no reload of its own. What is missing is
// looked for through its nearest existing parent, so that it is noticed when it appears. Changes
// may be told that are none; none is missed as long as unwatched() is empty.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

struct inotify_event;

namespace sm::config {

class SourceWatch {
 public:
  // Fails only when the kernel gives no inotify instance (fs.inotify.max_user_instances).
  static Result<SourceWatch> open(std::vector<std::string> directories);

  int fd() const { return x_fd.get(); }
  // Reads what is pending and renews the watches (new folders, new link targets). True: reload.
  // Never blocks.
  bool drain();
  // Folders that could not be watched (fs.inotify.max_user_watches); their changes would be missed.
  // Empty: all is well.
  const std::vector<std::string>& unwatched() const { return x_unwatched; }

 private:
  // What counts in one watched folder: everything, or only these names (a parent that is watched
  // for one child).
  struct Interest {
    bool everything = false;
    std::set<std::string> names;
  };

  SourceWatch(UniqueFd fd, std::vector<std::string> directories);
  void renew();
  void want_path(const std::string& path, int depth);
  void want_tree(const std::string& directory, int depth);
  void want_link(const std::string& path, int hops);
  void want_child(const std::string& path);
  bool matters(const inotify_event& event, const char* name) const;

  UniqueFd x_fd;
  std::vector<std::string> x_directories;
  std::map<std::string, Interest> x_wanted;  // by path; filled anew by renew()
  std::map<int, Interest> x_watches;         // by watch descriptor
  std::map<int, std::string> x_paths;        // the path that each watch was set through
  std::vector<std::string> x_unwatched;
};

}  // namespace sm::config
