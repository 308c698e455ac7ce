// SPDX-License-Identifier: Apache-2.0
// The resource files below directories, and their contents. Control thread (blocking file system
// calls).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sm::config {

// What tells that a file was changed or replaced, without reading it.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // mtime
  std::int64_t changed_ns = 0;   // ctime

  bool operator==(const FileStamp&) const = default;
};

struct SourceFile {
  std::string path;  // the directory as given, then what is below it
  FileStamp stamp;
};

struct Unreadable {
  std::string path;  // a directory or a file
  std::string why;
};

struct SourceScan {
  std::vector<SourceFile> files;  // by path; each file (device and inode) once
  std::vector<Unreadable> unreadable;
};

// Regular files *.yaml, *.yml, *.json, links followed, names that start with "." passed over. A
// path that is a file itself is taken whatever its name. A directory that links lead to twice is
// read once, so links cannot form a circle.
SourceScan scan_sources(const std::vector<std::string>& directories);

bool is_json_name(std::string_view path);
// At most kResourceFileBytesMax; kNotFound when the file is gone.
Result<std::string> read_source(const std::string& path);
// Whole or not at all: written beside and renamed. `mode`: permission bits. Errors name the path.
Result<> write_whole(const std::string& path, std::string_view text, unsigned mode);
// A name for an object's file that no other object has: letters, digits, "." and "-" as they are,
// others as %XX.
std::string object_file_name(std::string_view kind, std::string_view namespace_name,
                             std::string_view name);

}  // namespace sm::config
