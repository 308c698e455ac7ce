// SPDX-License-Identifier: Apache-2.0
// Mark: the place in a file that something was read from, so that every finding can name it.
#pragma once

#include <string>

namespace sm::config {

struct Mark {
  int line = 0;    // 1-based; 0 = unknown
  int column = 0;  // 1-based
};

// Which object of which file: shared by all findings about it.
struct ObjectRef {
  std::string kind;
  std::string namespace_;
  std::string name;
  std::string file;  // as found below the resource directory that was given
  int line = 0;      // where the document starts

  std::string key() const { return kind + "/" + namespace_ + "/" + name; }
};

}  // namespace sm::config
