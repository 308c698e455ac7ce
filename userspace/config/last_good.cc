// SPDX-License-Identifier: Apache-2.0
#include "config/last_good.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "config/source_files.h"

namespace sm::config {
namespace {

constexpr log::Logger kLog{log::Component::kConfig};

// mkdir -p; readable by the daemon only, because resources may hold what others must not see.
Result<> make_directory(const std::string& path) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
      return system_error("cannot make " + part, errno);
    if (at == std::string::npos) return {};
  }
}

}  // namespace

LastGood::LastGood(const std::string& state_dir) {
  if (!state_dir.empty()) x_directory = state_dir + "/last-good";
}

void LastGood::restore() {
  if (x_directory.empty()) return;
  struct stat info = {};
  if (::stat(x_directory.c_str(), &info) != 0) return;
  for (const SourceFile& file : scan_sources({x_directory}).files) {
    const Result<std::string> text = read_source(file.path);
    if (!text) continue;
    const YamlFile parsed = parse_yaml(*text);
    const Node* document = nullptr;
    const Node* source = nullptr;
    if (!parsed.error && parsed.documents.size() == 1) {
      document = parsed.documents.front().root.find("document");
      source = parsed.documents.front().root.find("file");
    }
    if (document == nullptr || source == nullptr) {
      kLog.warn("{} is passed over: it holds no last good document", file.path);
      continue;
    }
    Decoded decoded = decode_document(YamlDocument{*document, {}}, source->text);
    if (decoded.refused() || decoded.identity.empty() ||
        std::holds_alternative<std::monostate>(decoded.object)) {
      kLog.warn("{} is passed over: this version does not honour it", file.path);
      continue;
    }
    x_files[decoded.identity] = file.path;
    x_entries[decoded.identity] =
        Entry{decoded.ref, std::move(decoded.object), dump_yaml(*document)};
  }
}

const LastGood::Entry* LastGood::find(const std::string& identity) const {
  const auto found = x_entries.find(identity);
  return found == x_entries.end() ? nullptr : &found->second;
}

void LastGood::put(const std::string& identity, const ObjectRef& ref, const Object& object,
                   const std::string& text) {
  Entry& entry = x_entries[identity];
  const bool stored = !x_directory.empty() && x_files.contains(identity) && entry.text == text &&
                      entry.ref.file == ref.file;
  entry = Entry{ref, object, text};
  if (!stored && !x_directory.empty()) write(identity, entry);
}

void LastGood::write(const std::string& identity, const Entry& entry) {
  Node file = map_node();
  file.set("file", string_node(entry.ref.file));
  std::string text = dump_yaml(file) + "document:\n";
  // The document's own text, two columns deeper, is the value of that key.
  for (std::size_t at = 0; at < entry.text.size();) {
    const std::size_t end = entry.text.find('\n', at);
    text += "  " + entry.text.substr(at, end - at) + "\n";
    if (end == std::string::npos) break;
    at = end + 1;
  }
  const std::size_t slash = identity.find('/');
  // The group keeps apart what Kubernetes keeps apart: Istio's Gateway and the Gateway API's.
  const std::string kind = entry.ref.kind + "." + identity.substr(0, slash);
  const std::string path =
      x_directory + "/" + object_file_name(kind, entry.ref.namespace_, entry.ref.name);
  Result<> done = make_directory(x_directory);
  if (done) done = write_whole(path, text, 0600);
  if (done) {
    x_files[identity] = path;
  } else if (x_problem.empty()) {
    x_problem = done.error().describe();
  }
}

void LastGood::keep_only(const std::set<std::string>& identities) {
  x_problem.clear();
  std::erase_if(x_entries,
                [&identities](const auto& entry) { return !identities.contains(entry.first); });
  std::erase_if(x_files, [&identities](const auto& file) {
    if (identities.contains(file.first)) return false;
    ::unlink(file.second.c_str());
    return true;
  });
}

std::vector<std::string> LastGood::identities_of(const std::string& path) const {
  std::vector<std::string> out;
  for (const auto& [identity, entry] : x_entries) {
    const std::string& file = entry.ref.file;
    const bool below =
        file.size() > path.size() && file.starts_with(path) && file[path.size()] == '/';
    if (file == path || below) out.push_back(identity);
  }
  return out;
}

}  // namespace sm::config
