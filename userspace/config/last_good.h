// SPDX-License-Identifier: Apache-2.0
// LastGood: the last version of each object that could be honoured, in memory and, when there is a
// state directory, in one file an object. Owned by the Loader; control thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/document.h"

namespace sm::config {

class LastGood {
 public:
  struct Entry {
    ObjectRef ref;  // where it was read from
    Object object;
    std::string text;  // YAML
  };

  explicit LastGood(const std::string& state_dir);

  // Reads the state directory; once, before anything else. What cannot be read or decoded is passed
  // over: it was written by another version, or by an interrupted machine, and the resource files
  // come anyway.
  void restore();
  const Entry* find(const std::string& identity) const;
  void put(const std::string& identity, const ObjectRef& ref, const Object& object,
           const std::string& text);
  // Starts a load: forgets everything but these, and the last load's problem.
  void keep_only(const std::set<std::string>& identities);
  // What came from this file, or from a file below this directory.
  std::vector<std::string> identities_of(const std::string& path) const;
  // Why the state directory cannot be written; empty when all is well.
  const std::string& problem() const { return x_problem; }

 private:
  void write(const std::string& identity, const Entry& entry);

  std::string x_directory;  // empty: in memory only
  std::map<std::string, Entry> x_entries;
  std::map<std::string, std::string> x_files;  // identity -> path
  std::string x_problem;
};

}  // namespace sm::config
