// SPDX-License-Identifier: Apache-2.0
// FileCache: what each resource file said when it was last read, so that an unchanged file costs a
// stat(2). Owned by the Loader; control thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/document.h"
#include "config/source_files.h"

namespace sm::config {

struct FileDocument {
  Decoded decoded;
  std::string text;  // the document as YAML of its own, for documents that can become last good
  std::uint64_t digest =
      0;  // of texts and places: two documents with one digest are one and the same
};

struct FileContent {
  std::vector<FileDocument> documents;
  std::optional<YamlError> error;  // the file is no YAML; documents is empty then
};

FileContent parse_source(const std::string& path, std::string_view text);

class FileCache {
 public:
  // The content of the file, parsed if it changed. Documents that did not change are taken over
  // from its last content, so that their objects keep their addresses. Errors: those of
  // read_source.
  Result<std::shared_ptr<const FileContent>> get(const SourceFile& file);
  // Drops files that were not asked for since the last call.
  void sweep();

 private:
  struct Entry {
    FileStamp stamp;
    std::int64_t read_at_ns = 0;  // wall clock, before reading
    std::size_t hash = 0;
    std::size_t size = 0;
    std::shared_ptr<const FileContent> content;
    bool used = false;
  };
  std::map<std::string, Entry> x_entries;
};

}  // namespace sm::config
