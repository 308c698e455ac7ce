// SPDX-License-Identifier: Apache-2.0
#include "config/file_cache.h"

#include "base/clock.h"

#include <chrono>
#include <string_view>

namespace sm::config {
namespace {

// A file that was read this soon after its last change may have changed again within one tick of
// the file system's clock.
constexpr std::int64_t kRacyNanoseconds = 2'000'000'000;

std::int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(wall_clock_now().time_since_epoch())
      .count();
}

class Digest {
 public:
  void add(std::string_view text) {
    add(text.size());
    for (const char c : text) byte(static_cast<unsigned char>(c));
  }
  void add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) byte(static_cast<unsigned char>(number >> (8 * i)));
  }
  void add(Mark mark) {
    add(static_cast<std::uint64_t>(mark.line));
    add(static_cast<std::uint64_t>(mark.column));
  }
  void add(const Node& node) {
    add(static_cast<std::uint64_t>(node.kind));
    add(node.mark);
    add(std::string_view(node.text));
    add(node.members.size());
    for (const Member& member : node.members) {
      add(std::string_view(member.key));
      add(member.mark);
      add(member.value);
    }
    add(node.items.size());
    for (const Node& item : node.items) add(item);
  }
  std::uint64_t value() const { return x_value; }

 private:
  // FNV-1a: collisions by accident are what matters here, whoever writes the files is trusted with
  // routing anyway.
  void byte(unsigned char c) { x_value = (x_value ^ c) * 1099511628211ULL; }
  std::uint64_t x_value = 14695981039346656037ULL;
};

}  // namespace

FileContent parse_source(const std::string& path, std::string_view text) {
  FileContent content;
  YamlFile file = is_json_name(path) ? parse_json_tree(text) : parse_yaml(text);
  if (file.error) {
    content.error = std::move(file.error);
    return content;
  }
  for (YamlDocument& document : file.documents) {
    for (YamlDocument& item : unfold_lists(std::move(document))) {
      FileDocument out;
      out.decoded = decode_document(item, path);
      Digest digest;
      digest.add(item.root);
      for (const YamlError& error : item.errors) digest.add(std::string_view(error.text));
      out.digest = digest.value();
      if (!std::holds_alternative<std::monostate>(out.decoded.object))
        out.text = dump_yaml(item.root);
      content.documents.push_back(std::move(out));
    }
  }
  return content;
}

Result<std::shared_ptr<const FileContent>> FileCache::get(const SourceFile& file) {
  Entry& entry = x_entries[file.path];
  entry.used = true;
  const bool settled = entry.read_at_ns - file.stamp.modified_ns > kRacyNanoseconds;
  if (entry.content && entry.stamp == file.stamp && settled) return entry.content;
  const std::int64_t now = wall_clock_ns();
  Result<std::string> text = read_source(file.path);
  if (!text) return std::move(text).error();
  const std::size_t hash = std::hash<std::string>{}(*text);
  entry.stamp = file.stamp;
  entry.read_at_ns = now;
  if (entry.content && entry.hash == hash && entry.size == text->size()) return entry.content;
  FileContent content = parse_source(file.path, *text);
  if (entry.content) {
    std::map<std::uint64_t, const FileDocument*> before;
    for (const FileDocument& document : entry.content->documents)
      before.emplace(document.digest, &document);
    for (FileDocument& document : content.documents) {
      const auto same = before.find(document.digest);
      if (same != before.end()) document = *same->second;
    }
  }
  entry.hash = hash;
  entry.size = text->size();
  entry.content = std::make_shared<const FileContent>(std::move(content));
  return entry.content;
}

void FileCache::sweep() {
  for (auto it = x_entries.begin(); it != x_entries.end();) {
    const bool used = it->second.used;
    it->second.used = false;
    it = used ? std::next(it) : x_entries.erase(it);
  }
}

}  // namespace sm::config
