// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/kinds.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

std::string text_of(const Node& map, std::string_view key) {
  const Node* value = map.find(key);
  return value != nullptr && value->is_scalar() ? value->text : std::string();
}

ObjectRef ref_of(const Node& root, const Kind& kind, const std::string& file) {
  ObjectRef ref;
  ref.kind = text_of(root, "kind");
  ref.file = file;
  ref.line = root.mark.line;
  if (const Node* metadata = root.find("metadata"); metadata != nullptr && metadata->is_map()) {
    ref.name = text_of(*metadata, "name");
    if (kind.namespaced) ref.namespace_ = text_of(*metadata, "namespace");
  }
  if (kind.namespaced && ref.namespace_.empty()) ref.namespace_ = "default";
  return ref;
}

bool has_word(std::string_view words, std::string_view word) {
  for (const std::string_view part : split(words, ' ')) {
    if (part == word) return true;
  }
  return false;
}

void check_identity(const Node& root, const Kind& kind, Reporter& report) {
  const ObjectRef& ref = report.object();
  const Node* metadata = root.find("metadata");
  if (metadata == nullptr || !metadata->is_map()) {
    report.add(code::kNoObject, Severity::kError, "metadata", root.mark,
               "the document has no metadata", "give it a metadata.name");
    return;
  }
  if (ref.name.empty()) {
    report.add(code::kNoObject, Severity::kError, "metadata.name", metadata->mark,
               "the object has no name", "give it a metadata.name");
  } else if (ref.name.size() > 253 || ref.name.find('/') != std::string::npos) {
    report.add(code::kNoObject, Severity::kError, "metadata.name", metadata->mark,
               fmt::format("\"{}\" is no name of an object", ref.name),
               "use lower case letters, digits, dashes and dots");
  }
  const std::string api_version = text_of(root, "apiVersion");
  const std::string_view version = split_api_version(api_version).second;
  if (kind.fate == Fate::kRead && !has_word(kind.versions, version)) {
    const Node* written = root.find("apiVersion");
    report.invalid("apiVersion", written != nullptr ? written->mark : root.mark,
                   fmt::format("{} has no version \"{}\"", ref.kind, version),
                   fmt::format("known: {}", kind.versions));
  }
}

// The selector of a document that may be anything. Nothing readable selects the whole namespace,
// which closes more, not less.
std::shared_ptr<const SecurityPolicy> salvage(const Node& root, const Metadata& meta) {
  SecurityPolicy policy;
  policy.meta = meta;
  policy.kind = meta.ref.kind == "PeerAuthentication" ? SecurityPolicy::Kind::kPeerAuthentication
                : meta.ref.kind == "RequestAuthentication"
                    ? SecurityPolicy::Kind::kRequestAuthentication
                    : SecurityPolicy::Kind::kAuthorization;
  const Node* spec = root.find("spec");
  const Node* selector = spec == nullptr ? nullptr : spec->find("selector");
  const Node* labels = selector == nullptr ? nullptr : selector->find("matchLabels");
  if (labels != nullptr) {
    for (const Member& member : labels->members) {
      if (member.value.kind != Node::Kind::kString) {
        policy.selector.clear();
        break;
      }
      policy.selector.emplace(member.key, member.value.text);
    }
  }
  return std::make_shared<const SecurityPolicy>(std::move(policy));
}

}  // namespace

std::vector<YamlDocument> unfold_lists(YamlDocument document) {
  std::vector<YamlDocument> out;
  Node* items = document.root.find("items");
  const bool list =
      text_of(document.root, "kind").ends_with("List") && items != nullptr && items->is_sequence();
  if (!list) {
    out.push_back(std::move(document));
    return out;
  }
  for (Node& item : items->items) out.push_back(YamlDocument{std::move(item), document.errors});
  return out;
}

namespace {

// What becomes of an object by its kind.
void decode_kind(const Node& root, const Kind& kind, Decoded& decoded, Reporter& report) {
  switch (kind.fate) {
    case Fate::kRead:
      check_identity(root, kind, report);
      decoded.object = kind.read(root, report);
      decoded.written = decoded.object;
      break;
    case Fate::kUseless:
      // Nothing of it is used, but a file that is cut off ends in such a document.
      check_identity(root, kind, report);
      if (kind.read != nullptr) decoded.written = kind.read(root, report);
      decoded.ignored = true;
      break;
    case Fate::kLater:
      check_identity(root, kind, report);
      report.not_applied({}, root.mark,
                         fmt::format("{} ({}) is not applied by this version", decoded.ref.kind,
                                     split_api_version(text_of(root, "apiVersion")).first),
                         "the mesh behaves as if it were absent");
      break;
    case Fate::kUnknown:
      decoded.ignored = true;
      report.add(code::kUnknownKind, Severity::kInfo, "kind", root.mark,
                 fmt::format("kind {} ({}) is not known to sockmesh and ignored", decoded.ref.kind,
                             text_of(root, "apiVersion")),
                 "");
      break;
  }
}

}  // namespace

Decoded decode_document(const YamlDocument& document, const std::string& file) {
  const Node& root = document.root;
  const std::string api_version = text_of(root, "apiVersion");
  const std::string_view group = split_api_version(api_version).first;
  const Kind& kind = find_kind(group, text_of(root, "kind"));
  Decoded decoded;
  decoded.ref = ref_of(root, kind, file);
  if (!decoded.ref.name.empty()) decoded.identity = std::string(group) + "/" + decoded.ref.key();
  Reporter report(decoded.ref, is_istio(group) ? code::kInvalid : code::kInvalidKube);
  for (const YamlError& error : document.errors) {
    report.add(code::kNotYaml, Severity::kError, {}, error.mark, error.text,
               "correct the document");
  }
  if (root.is_map() && api_version.empty() && decoded.ref.kind.empty() && document.errors.empty()) {
    // Data that somebody keeps beside the resources.
    report.add(code::kNoObject, Severity::kWarning, {}, root.mark,
               "the document is no Kubernetes object and ignored",
               "an object has apiVersion, kind and metadata.name");
    decoded.findings = report.take();
    decoded.ignored = true;
    return decoded;
  }
  if (!root.is_map() || api_version.empty() || decoded.ref.kind.empty()) {
    report.add(code::kNoObject, Severity::kError, {}, root.mark,
               "the document is no Kubernetes object",
               "it needs apiVersion, kind and metadata.name");
    decoded.findings = report.take();
    return decoded;
  }
  decode_kind(root, kind, decoded, report);
  decoded.findings = report.take();
  if (!decoded.refused()) return decoded;
  decoded.object = {};
  if (kind.security)
    decoded.broken_policy =
        salvage(root, read_metadata(root, Reporter(decoded.ref, code::kInvalid)));
  return decoded;
}

}  // namespace sm::config
