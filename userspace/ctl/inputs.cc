// SPDX-License-Identifier: Apache-2.0
#include "ctl/inputs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/fd.h"
#include "base/limits.h"

namespace sm::ctl {
namespace {

namespace fs = std::filesystem;

Error unreadable(const std::string& name, int error_number) {
  Error error = system_error(name + " cannot be read", error_number);
  error.remedy = "name a file, a directory, or \"-\" for standard input";
  return error;
}

Result<std::string> read_file(const std::string& name) {
  const UniqueFd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return unreadable(name, errno);
  std::string text;
  std::array<char, 65536> part{};
  while (true) {
    const ssize_t got = ::read(fd.get(), part.data(), part.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(name, errno);
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > kResourceFileBytesMax) {
      return Error{ErrorCode::kLimit,
                   name + " is longer than " + std::to_string(kResourceFileBytesMax) + " bytes",
                   "split it"};
    }
  }
}

bool is_resource(const fs::path& path) {
  const fs::path extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

bool is_hidden(const fs::path& path) { return path.filename().native().front() == '.'; }

Result<std::vector<std::string>> files_below(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code failed;
  fs::recursive_directory_iterator walk(directory, failed);
  for (; !failed && walk != fs::recursive_directory_iterator(); walk.increment(failed)) {
    std::error_code unknown;
    if (is_hidden(walk->path())) {
      walk.disable_recursion_pending();
    } else if (is_resource(walk->path()) && walk->is_regular_file(unknown)) {
      files.push_back(walk->path().string());
    }
  }
  if (failed) return unreadable(directory, failed.value());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<Input>> read_inputs(const std::vector<std::string>& names, Console& console) {
  std::vector<Input> inputs;
  for (const std::string& name : names) {
    if (name == "-") {
      SM_TRY_ASSIGN(std::string text, console.input());
      inputs.push_back({name, std::move(text)});
      continue;
    }
    std::vector<std::string> files = {name};
    std::error_code unknown;
    if (fs::is_directory(name, unknown)) {
      SM_TRY_ASSIGN(files, files_below(name));
    }
    for (const std::string& file : files) {
      SM_TRY_ASSIGN(std::string text, read_file(file));
      inputs.push_back({file, std::move(text)});
    }
  }
  return inputs;
}

}  // namespace sm::ctl
