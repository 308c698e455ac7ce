// SPDX-License-Identifier: Apache-2.0
// Loader: resource directories in, one Snapshot out. Owned by the control thread (the CLI's offline
// verbs make their own).
//
// Promises: whatever the files contain, load() returns a Snapshot and says everything there is to
// say in its findings. A document with an error is quarantined alone and its last good version
// stays in force; a file that is no YAML, or cannot be read, keeps the last good versions of all
// its documents; a directory that cannot be read keeps everything that came from it. A document
// that has left the files is gone, and its last good version with it. An object that did not change
// (same text at the same place) keeps its address from one Snapshot to the next.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/snapshot.h"

namespace sm::config {

class FileCache;
class LastGood;

class Loader {
 public:
  // `state_dir`: where last good versions survive a restart, one file an object; made when missing.
  // Empty: only in memory.
  explicit Loader(std::string state_dir);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Reads *.yaml, *.yml and *.json below each directory (a plain file may be given as well), in
  // path order. Files and folders whose name starts with "." are passed over, so a ConfigMap volume
  // is read through its visible links, each file once. Files whose time, size and inode did not
  // change are not read again, files with the same content not parsed again. Duplicates of one
  // object: the last in path order wins, with a warning that names both.
  std::shared_ptr<const Snapshot> load(const std::vector<std::string>& directories);

 private:
  std::string x_state_dir;
  std::unique_ptr<FileCache> x_files;
  std::unique_ptr<LastGood> x_last_good;
};

// One text alone, as `validate` judges it: each document by itself, no last good versions,
// duplicates not looked for. `file` names it in findings; a name that ends in ".json" is read as
// JSON.
std::shared_ptr<const Snapshot> load_text(const std::string& file, std::string_view text);

}  // namespace sm::config
