// SPDX-License-Identifier: Apache-2.0
// Resource files: whatever they hold, the loader answers, twice the same; every finding has a place
// and every document a state; and a tree that is written as YAML parses to the same tree with the
// same verdict. The first octet chooses YAML or JSON.
#include <cstdint>
#include <string>
#include <string_view>

#include "config/document.h"
#include "config/loader.h"
#include "fuzz/require.h"

namespace sm::config {
namespace {

using fuzz::require;

std::string describe(const Snapshot& snapshot) {
  std::string out;
  for (const Finding& finding : snapshot.findings) out += finding.describe() + "\n";
  for (const Document& document : snapshot.documents) {
    out += document.ref.key() + " " + std::to_string(static_cast<int>(document.state)) + "\n";
  }
  return out;
}

// Places do not survive a rewrite: what was found, and about which field, does.
std::string verdict(const Decoded& decoded) {
  std::string out = decoded.identity + " " + std::to_string(decoded.object.index()) + "\n";
  for (const Finding& finding : decoded.findings) out += finding.code + " " + finding.path + "\n";
  return out;
}

void check_rewrite(const YamlFile& file) {
  for (const YamlDocument& document : file.documents) {
    if (!document.errors.empty()) continue;
    const std::string text = dump_yaml(document.root);
    const YamlFile again = parse_yaml(text);
    require(!again.error, "what is written is YAML");
    require(again.documents.size() == (document.root.is_null() ? 0 : 1),
            "what is written is one document");
    if (again.documents.empty()) continue;
    require(again.documents.front().errors.empty(), "what is written has no duplicate keys");
    require(same_tree(document.root, again.documents.front().root),
            "what is written is the same tree");
    require(verdict(decode_document(document, "f")) ==
                verdict(decode_document(again.documents.front(), "f")),
            "what is written has the same verdict");
  }
}

void check(std::string_view data) {
  if (data.empty()) return;
  const std::string name = data.front() == '{' ? "f.json" : "f.yaml";
  const std::string_view text = data.front() == '{' ? data : data.substr(1);
  const auto once = load_text(name, text);
  const auto twice = load_text(name, text);
  require(describe(*once) == describe(*twice), "a second load says the same");
  for (const Finding& finding : once->findings) {
    require(finding.mark.line > 0, "every finding has a line");
    require(!finding.code.empty() && !finding.message.empty(), "every finding says something");
  }
  const YamlFile file = name == "f.json" ? parse_json_tree(text) : parse_yaml(text);
  if (!file.error) check_rewrite(file);
}

}  // namespace
}  // namespace sm::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sm::config::check({reinterpret_cast<const char*>(data), size});  // NOLINT: bytes as text
  return 0;
}
