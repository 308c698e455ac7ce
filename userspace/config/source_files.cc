// SPDX-License-Identifier: Apache-2.0
#include "config/source_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include "base/fd.h"
#include "base/limits.h"
#include "base/result.h"

namespace sm::config {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileStamp stamp_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
          nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
}

bool is_source_name(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

class Scanner {
 public:
  SourceScan take() {
    std::sort(x_scan.files.begin(), x_scan.files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    // One file under two names (a link beside its target) counts once, under its first name.
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    std::erase_if(x_scan.files, [&seen](const SourceFile& file) {
      return !seen.insert({file.stamp.device, file.stamp.inode}).second;
    });
    if (x_scan.files.size() > kResourceFilesMax) {
      x_scan.unreadable.push_back(
          {x_scan.files[kResourceFilesMax].path,
           fmt::format("there are more than {} resource files", kResourceFilesMax)});
      x_scan.files.resize(kResourceFilesMax);
    }
    return std::move(x_scan);
  }

  // `given`: named by the configuration, so its absence is worth saying and its name does not
  // matter.
  void visit(const std::string& path, bool given, std::size_t depth) {
    struct stat info = {};
    if (::stat(path.c_str(), &info) != 0) {
      // A file that went away between listing and looking is gone; a dangling link says nothing
      // either.
      if (given || errno != ENOENT)
        x_scan.unreadable.push_back({path, system_error("open", errno).text});
      return;
    }
    if (S_ISDIR(info.st_mode)) return directory(path, info, depth);
    if (S_ISREG(info.st_mode) && (given || is_source_name(path)))
      x_scan.files.push_back({path, stamp_of(info)});
  }

 private:
  void directory(const std::string& path, const struct stat& info, std::size_t depth) {
    if (depth > kSourceDepthMax) {
      x_scan.unreadable.push_back({path, fmt::format("deeper than {} folders", kSourceDepthMax)});
      return;
    }
    if (!x_visited.insert({info.st_dev, info.st_ino}).second) return;
    const std::unique_ptr<DIR, DirCloser> dir(::opendir(path.c_str()));
    if (!dir) {
      x_scan.unreadable.push_back({path, system_error("open", errno).text});
      return;
    }
    std::vector<std::string> names;
    while (const dirent* entry =
               ::readdir(dir.get())) {  // NOLINT(concurrency-mt-unsafe): own stream
      if (entry->d_name[0] != '.') names.emplace_back(&entry->d_name[0]);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) visit(path + "/" + name, false, depth + 1);
  }

  SourceScan x_scan;
  std::set<std::pair<std::uint64_t, std::uint64_t>> x_visited;
};

}  // namespace

SourceScan scan_sources(const std::vector<std::string>& directories) {
  Scanner scanner;
  for (std::string directory : directories) {
    while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
    scanner.visit(directory, true, 0);
  }
  return scanner.take();
}

bool is_json_name(std::string_view path) { return path.ends_with(".json"); }

Result<std::string> read_source(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    Error error = system_error("cannot open " + path, errno);
    if (errno == ENOENT) error.code = ErrorCode::kNotFound;
    return error;
  }
  std::string text;
  for (;;) {
    const std::size_t had = text.size();
    text.resize(had + kReadChunkBytes);
    const ssize_t got = ::read(fd.get(), text.data() + had, kReadChunkBytes);
    if (got < 0 && errno == EINTR) {
      text.resize(had);
      continue;
    }
    if (got < 0) return system_error("cannot read " + path, errno);
    text.resize(had + static_cast<std::size_t>(got));
    if (got == 0) return text;
    if (text.size() > kResourceFileBytesMax) {
      return Error{ErrorCode::kLimit,
                   fmt::format("{} is larger than {} bytes", path, kResourceFileBytesMax),
                   "split it"};
    }
  }
}

Result<> write_whole(const std::string& path, std::string_view text, unsigned mode) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  // A name that starts with "." is passed over by whoever reads the directory meanwhile.
  std::string beside = folder + ".new-" + std::to_string(::getpid()) + "-XXXXXX";
  const UniqueFd fd(::mkostemp(beside.data(), O_CLOEXEC));
  if (!fd.valid()) return system_error("cannot write beside " + path, errno);
  const auto give_up = [&](std::string what) -> Error {
    Error error = system_error(std::move(what), errno);
    ::unlink(beside.c_str());
    return error;
  };
  while (!text.empty()) {
    const ssize_t put = ::write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return give_up("cannot write " + path);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fchmod(fd.get(), mode) != 0) return give_up("cannot set the mode of " + path);
  if (::rename(beside.c_str(), path.c_str()) != 0) return give_up("cannot rename to " + path);
  return {};
}

std::string object_file_name(std::string_view kind, std::string_view namespace_name,
                             std::string_view name) {
  std::string out;
  const auto put = [&out](std::string_view text) {
    for (const char c : text) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '-';
      if (plain) {
        out.push_back(c);
      } else {
        out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
      }
    }
  };
  put(kind);
  out.push_back('_');
  put(namespace_name);
  out.push_back('_');
  put(name);
  return out + ".yaml";
}

}  // namespace sm::config
