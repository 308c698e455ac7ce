// SPDX-License-Identifier: Apache-2.0
#include "capture/record.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/fd.h"
#include "base/json.h"

namespace sm::capture {
namespace {

Error not_ours(const std::string& path) {
  return Error{ErrorCode::kInvalid, path + " is not a record of sockmeshd",
               "look at what it says; pins are below the node file's bpffs:"};
}

}  // namespace

std::string record_path(const std::string& run_dir) { return run_dir + "/capture.json"; }

Result<> write_record(const std::string& run_dir, const Record& record) {
  Json json;
  json["bpffs"] = record.bpffs;
  json["cgroup"] = record.cgroup;
  const std::string text = dump_json(json, 2) + "\n";
  const std::string path = record_path(run_dir);
  const std::string fresh = path + ".new";
  UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return system_error("write " + fresh, errno);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return system_error("write " + fresh, errno);
  fd.reset();
  if (::rename(fresh.c_str(), path.c_str()) != 0) return system_error("write " + path, errno);
  return {};
}

Result<std::optional<Record>> read_record(const std::string& run_dir) {
  const std::string path = record_path(run_dir);
  std::ifstream file(path);
  if (!file) return std::optional<Record>();
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const Result<Json> json = parse_json(text);
  if (!json || !json->is_object() || !json->contains("bpffs") || !(*json)["bpffs"].is_string())
    return not_ours(path);
  Record record;
  record.bpffs = (*json)["bpffs"].get<std::string>();
  if (json->contains("cgroup") && (*json)["cgroup"].is_string())
    record.cgroup = (*json)["cgroup"].get<std::string>();
  return std::optional<Record>(std::move(record));
}

}  // namespace sm::capture
