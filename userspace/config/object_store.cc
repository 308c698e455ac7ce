// SPDX-License-Identifier: Apache-2.0
#include "config/object_store.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cerrno>
#include <ctime>
#include <map>
#include <set>

#include "config/document.h"
#include "config/kinds.h"
#include "config/source_files.h"

namespace sm::config {
namespace {

struct Item {
  Node root;
  ObjectRef ref;
  std::string path;
};

std::string text_of(const Node& map, std::string_view key) {
  const Node* value = map.find(key);
  return value != nullptr && value->is_scalar() ? value->text : std::string();
}

Error error_at(const std::string& file, Mark mark, std::string_view what, std::string remedy) {
  return Error{ErrorCode::kInvalid, fmt::format("{}:{}:{}: {}", file, mark.line, mark.column, what),
               std::move(remedy)};
}

// Kinds of other projects may have Istio's names: their group goes into the file's name.
std::string kind_in_file(std::string_view group, const std::string& kind) {
  const bool plain = group.find('.') == std::string_view::npos || is_istio(group);
  return plain ? kind : kind + "." + std::string(group);
}

Result<Item> identify(YamlDocument document, const std::string& file, const StoreOptions& options) {
  if (!document.errors.empty())
    return error_at(file, document.errors.front().mark, document.errors.front().text, {});
  Item item;
  item.root = std::move(document.root);
  Node* metadata = item.root.find("metadata");
  const std::string api_version = text_of(item.root, "apiVersion");
  item.ref.kind = text_of(item.root, "kind");
  item.ref.file = file;
  item.ref.line = item.root.mark.line;
  if (api_version.empty() || item.ref.kind.empty() || metadata == nullptr || !metadata->is_map()) {
    return error_at(file, item.root.mark, "the document is no Kubernetes object",
                    "it needs apiVersion, kind and metadata.name");
  }
  item.ref.name = text_of(*metadata, "name");
  if (item.ref.name.empty())
    return error_at(file, metadata->mark, "the object has no name", "give it a metadata.name");
  const std::string_view group = split_api_version(api_version).first;
  if (find_kind(group, item.ref.kind).namespaced) {
    item.ref.namespace_ = text_of(*metadata, "namespace");
    if (item.ref.namespace_.empty()) {
      item.ref.namespace_ = options.default_namespace;
      metadata->set("namespace", string_node(item.ref.namespace_));
    }
  }
  item.path =
      options.directory + "/" +
      object_file_name(kind_in_file(group, item.ref.kind), item.ref.namespace_, item.ref.name);
  return item;
}

Result<std::vector<Item>> read_items(const std::string& file, std::string_view text,
                                     const StoreOptions& options) {
  YamlFile parsed = is_json_name(file) ? parse_json_tree(text) : parse_yaml(text);
  if (parsed.error) return error_at(file, parsed.error->mark, parsed.error->text, {});
  std::vector<Item> items;
  for (YamlDocument& document : parsed.documents) {
    for (YamlDocument& one : unfold_lists(std::move(document))) {
      SM_TRY_ASSIGN(Item item, identify(std::move(one), file, options));
      items.push_back(std::move(item));
    }
  }
  return items;
}

std::optional<Node> stored_tree(const std::string& path) {
  const Result<std::string> text = read_source(path);
  if (!text) return std::nullopt;
  YamlFile file = parse_yaml(*text);
  if (file.error || file.documents.size() != 1) return std::nullopt;
  return std::move(file.documents.front().root);
}

void keep_or_set(Node& map, const Node* before, const std::string& key, const std::string& fresh) {
  const std::string kept = before == nullptr ? std::string() : text_of(*before, key);
  if (!kept.empty()) {
    map.set(key, string_node(kept));
  } else if (text_of(map, key).empty()) {
    map.set(key, string_node(fresh));
  }
}

// RFC 9562 version 4.
std::string make_uid(Rng& rng) {
  const std::uint64_t high = (rng.next() & 0xffff'ffff'ffff'0fffULL) | 0x4000ULL;
  const std::uint64_t low = (rng.next() & 0x3fff'ffff'ffff'ffffULL) | 0x8000'0000'0000'0000ULL;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffff'ffff'ffffULL);
}

std::string rfc3339(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

// Service addresses of the range, taken and free.
class AddressBook {
 public:
  explicit AddressBook(const Cidr& range)
      : x_base(ntohl(range.base.v4_be())), x_bits(32 - range.prefix_length) {
    x_base &= x_bits >= 32 ? 0 : ~((1U << x_bits) - 1U);
  }
  void take(const std::string& text) { x_taken.insert(text); }

  // By hash of the name, then the next free one, so that the same Services get the same addresses
  // in any order unless they collide. Neither the network's nor the broadcast address is given.
  std::optional<std::string> give(const std::string& name) {
    const std::uint64_t size = std::uint64_t{1} << x_bits;
    if (size < 4) return std::nullopt;
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    const std::uint64_t usable = size - 2;
    const std::uint64_t tries = std::min<std::uint64_t>(usable, 1U << 20);
    for (std::uint64_t i = 0; i < tries; ++i) {
      const std::uint64_t offset = 1 + (hash + i) % usable;
      const std::string text =
          IpAddress::from_v4_be(htonl(x_base + static_cast<std::uint32_t>(offset))).to_string();
      if (x_taken.insert(text).second) return text;
    }
    return std::nullopt;
  }

 private:
  std::uint32_t x_base;
  unsigned x_bits;
  std::set<std::string> x_taken;
};

bool is_service(const Item& item) {
  return item.ref.kind == "Service" && text_of(item.root, "apiVersion") == "v1";
}

void take_addresses(const Node& service, AddressBook& book) {
  const Node* spec = service.find("spec");
  if (spec == nullptr) return;
  book.take(text_of(*spec, "clusterIP"));
  if (const Node* more = spec->find("clusterIPs")) {
    for (const Node& item : more->items) book.take(item.text);
  }
}

// Of every Service of the directory, but of those that are about to be replaced with an address of
// their own as well.
AddressBook read_addresses(const StoreOptions& options, const std::vector<Item>& items) {
  AddressBook book(*options.service_cidr);
  for (const SourceFile& file : scan_sources({options.directory}).files) {
    const Result<std::string> text = read_source(file.path);
    if (!text) continue;
    YamlFile parsed = is_json_name(file.path) ? parse_json_tree(*text) : parse_yaml(*text);
    for (YamlDocument& document : parsed.documents) {
      for (const YamlDocument& one : unfold_lists(std::move(document))) {
        if (text_of(one.root, "kind") == "Service") take_addresses(one.root, book);
      }
    }
  }
  for (const Item& item : items) {
    if (is_service(item)) take_addresses(item.root, book);
  }
  return book;
}

Result<> assign_address(Item& item, const Node* before, AddressBook* book) {
  Node* spec = item.root.find("spec");
  if (spec == nullptr || !spec->is_map() || text_of(*spec, "type") == "ExternalName") return {};
  if (!text_of(*spec, "clusterIP").empty()) return {};
  const Node* old_spec = before == nullptr ? nullptr : before->find("spec");
  std::string address = old_spec == nullptr ? std::string() : text_of(*old_spec, "clusterIP");
  if (address == "None") address.clear();
  if (address.empty()) {
    if (book == nullptr) return {};
    const auto given = book->give(item.ref.namespace_ + "/" + item.ref.name);
    if (!given) {
      return error_at(
          item.ref.file, spec->mark,
          fmt::format("no address is left for Service {}/{}", item.ref.namespace_, item.ref.name),
          "give a wider --service-cidr");
    }
    address = *given;
  }
  spec->set("clusterIP", string_node(address));
  Node list;
  list.kind = Node::Kind::kSequence;
  list.items.push_back(string_node(address));
  spec->set("clusterIPs", std::move(list));
  return {};
}

bool exists(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0;
}

}  // namespace

std::string_view to_string(StoreAction action) {
  switch (action) {
    case StoreAction::kCreated:
      return "created";
    case StoreAction::kConfigured:
      return "configured";
    case StoreAction::kUnchanged:
      return "unchanged";
    case StoreAction::kDeleted:
      return "deleted";
    case StoreAction::kNotFound:
      return "not found";
  }
  return "created";
}

ObjectStore::ObjectStore(StoreOptions options, std::int64_t now_seconds, Rng rng)
    : x_options(std::move(options)), x_now_seconds(now_seconds), x_rng(rng) {}

Result<std::vector<Stored>> ObjectStore::apply(const std::string& file, std::string_view text) {
  if (!exists(x_options.directory)) {
    return Error{ErrorCode::kNotFound, "there is no directory " + x_options.directory,
                 "make it first"};
  }
  if (x_options.service_cidr && !x_options.service_cidr->base.is_v4()) {
    return Error{ErrorCode::kUnsupported, "Service addresses are IPv4 in this version",
                 "give an IPv4 --service-cidr"};
  }
  SM_TRY_ASSIGN(std::vector<Item> items, read_items(file, text, x_options));
  std::optional<AddressBook> book;
  if (x_options.service_cidr) book = read_addresses(x_options, items);
  std::vector<std::pair<Stored, std::string>> writes;
  std::map<std::string, Node>
      planned;  // one text may name an object twice: the later replaces the earlier
  for (Item& item : items) {
    std::optional<Node> before;
    const auto twice = planned.find(item.path);
    if (twice != planned.end()) {
      before = twice->second;
    } else {
      before = stored_tree(item.path);
    }
    const Node* old = before ? &*before : nullptr;
    Node& metadata = *item.root.find("metadata");
    const Node* old_metadata = old == nullptr ? nullptr : old->find("metadata");
    keep_or_set(metadata, old_metadata, "uid", make_uid(x_rng));
    keep_or_set(metadata, old_metadata, "creationTimestamp", rfc3339(x_now_seconds));
    if (is_service(item)) SM_TRY(assign_address(item, old, book ? &*book : nullptr));
    const bool same = old != nullptr && same_tree(*old, item.root);
    const StoreAction action = same             ? StoreAction::kUnchanged
                               : old != nullptr ? StoreAction::kConfigured
                                                : StoreAction::kCreated;
    writes.emplace_back(Stored{item.ref, action, item.path}, dump_yaml(item.root));
    planned.insert_or_assign(item.path, std::move(item.root));
  }
  std::vector<Stored> out;
  for (auto& [stored, yaml] : writes) {
    if (stored.action != StoreAction::kUnchanged) SM_TRY(write_whole(stored.path, yaml, 0644));
    out.push_back(std::move(stored));
  }
  return out;
}

Result<std::vector<Stored>> ObjectStore::remove(const std::string& file, std::string_view text) {
  SM_TRY_ASSIGN(const std::vector<Item> items, read_items(file, text, x_options));
  std::vector<Stored> out;
  for (const Item& item : items) {
    Stored stored{item.ref, StoreAction::kDeleted, item.path};
    if (::unlink(item.path.c_str()) != 0) {
      if (errno != ENOENT) return system_error("cannot remove " + item.path, errno);
      stored.action = StoreAction::kNotFound;
      stored.path.clear();
    }
    out.push_back(std::move(stored));
  }
  return out;
}

}  // namespace sm::config
