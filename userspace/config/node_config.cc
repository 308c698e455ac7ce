// SPDX-License-Identifier: Apache-2.0
#include "config/node_config.h"

#include <fmt/format.h>

#include "config/scalars.h"
#include "config/schema_fields.h"
#include "config/source_files.h"
#include "config/view.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the table below

constexpr std::string_view kApiVersions[] = {"sockmesh.io/v1"};
constexpr std::string_view kKinds[] = {"NodeConfig"};
constexpr std::string_view kUnknownPods[] = {"hold", "deny", "allow"};
constexpr std::string_view kProxyDown[] = {"closed", "open"};
constexpr std::string_view kSameNode[] = {"attested", "encrypt"};
constexpr std::string_view kAccelerate[] = {"off", "auto", "force"};
constexpr Field kNodeFields[] = {
    one_of("apiVersion", kApiVersions),
    one_of("kind", kKinds),
    text("nodeName"),
    list(text("resources")),
    text("cgroup"),
    text("runDir"),
    text("stateDir"),
    text("bpffs"),
    natural("workers"),
    natural("workersPerPod"),
    one_of("unknownPods", kUnknownPods),
    one_of("onProxyDown", kProxyDown),
    one_of("sameNode", kSameNode),
    one_of("accelerate", kAccelerate),
    natural("drainSeconds"),
    any("logLevel"),
    any("randomSeed"),
};
constinit const Message kNodeSchema = {"the node file", kNodeFields};
constexpr std::int64_t kWorkersMax = 1024;

// Values that this version would have to weaken; each is refused with what it would mean.
struct Refusal {
  std::string_view key;
  std::string_view word;
  std::string_view why;
  std::string_view remedy;
};
constexpr Refusal kRefusals[] = {
    {"sameNode", "encrypt", "this version cannot encrypt connections", "write attested"},
    {"accelerate", "auto", "this version has no accelerator", "write off"},
    {"accelerate", "force", "this version has no accelerator", "write off"},
};

std::optional<log::Level> read_level(const Node& node, const std::string& path, Reporter& report) {
  const auto level = node.is_scalar() ? log::parse_level(node.text) : std::nullopt;
  if (!level) {
    report.invalid(path, node.mark, fmt::format("{} needs a level", path),
                   "write trace, debug, info, warn or error");
  }
  return level;
}

void read_log_levels(const View& view, NodeConfig& config, Reporter& report) {
  const Node* node = view.raw("logLevel");
  if (node == nullptr) return;
  if (!node->is_map()) {
    config.log_level = read_level(*node, "logLevel", report).value_or(config.log_level);
    return;
  }
  for (const Member& member : node->members) {
    const std::string path = "logLevel." + member.key;
    const auto level = read_level(member.value, path, report);
    const auto component = log::parse_component(member.key);
    if (member.key == "default") {
      config.log_level = level.value_or(config.log_level);
    } else if (component) {
      if (level) config.component_levels[*component] = *level;
    } else {
      report.invalid(path, member.mark, fmt::format("\"{}\" is no component", member.key),
                     "write default, daemon, config, plan, capture, proxy, upstream or admin");
    }
  }
}

unsigned read_count(const View& view, std::string_view key, std::int64_t least, std::int64_t most,
                    unsigned otherwise, Reporter& report) {
  const auto value = view.integer(key);
  if (!value) return otherwise;
  if (*value < least || *value > most) {
    report.invalid(std::string(key), view.mark(key), fmt::format("{} is out of range", key),
                   fmt::format("write a number from {} to {}", least, most));
    return otherwise;
  }
  return static_cast<unsigned>(*value);
}

void read_text(const View& view, std::string_view key, std::string& out, Reporter& report) {
  if (!view.has(key)) return;
  out = view.text(key);
  if (out.empty())
    report.invalid(std::string(key), view.mark(key), fmt::format("{} is empty", key), "");
}

NodeConfig read_config(const View& view, const std::string& file, Reporter& report) {
  NodeConfig config;
  config.file = file;
  for (const std::string_view key : {"nodeName", "resources", "cgroup"}) {
    if (!view.has(key))
      report.invalid(std::string(key), view.mark(), fmt::format("{} is missing", key),
                     "it is required");
  }
  read_text(view, "nodeName", config.node_name, report);
  read_text(view, "cgroup", config.cgroup, report);
  read_text(view, "runDir", config.run_dir, report);
  read_text(view, "stateDir", config.state_dir, report);
  read_text(view, "bpffs", config.bpffs, report);
  config.resources = view.texts("resources");
  if (view.has("resources") && config.resources.empty()) {
    report.invalid("resources", view.mark("resources"), "resources names no directory",
                   "write resources: [/etc/sockmesh/resources]");
  }
  config.workers = read_count(view, "workers", 0, kWorkersMax, config.workers, report);
  config.workers_per_pod =
      read_count(view, "workersPerPod", 1, kWorkersMax, config.workers_per_pod, report);
  config.drain_seconds = read_count(view, "drainSeconds", 0, 3600, config.drain_seconds, report);
  if (const Node* seed = view.raw("randomSeed")) {
    const auto value = integer_of(*seed);
    if (!value || *value < 0) {
      report.invalid("randomSeed", seed->mark, "randomSeed needs a whole number of 0 or more", "");
    } else {
      config.random_seed = static_cast<std::uint64_t>(*value);
    }
  }
  for (const Refusal& refusal : kRefusals) {
    if (view.text(refusal.key) != refusal.word) continue;
    report.unsupported(std::string(refusal.key), view.mark(refusal.key),
                       fmt::format("{}: {} is refused: {}", refusal.key, refusal.word, refusal.why),
                       std::string(refusal.remedy));
  }
  if (view.text("unknownPods") == "allow") config.unknown_pods = UnknownPods::kAllow;
  if (view.text("unknownPods") == "hold") config.unknown_pods = UnknownPods::kHold;
  config.on_proxy_down_open = view.text("onProxyDown") == "open";
  read_log_levels(view, config, report);
  return config;
}

std::string line_of(const Finding& finding) {
  std::string line = fmt::format("{}:{}:{}: {}", finding.object.file, finding.mark.line,
                                 finding.mark.column, finding.message);
  return finding.remedy.empty() ? line : line + "; " + finding.remedy;
}

}  // namespace

Result<NodeConfig> load_node_config(const std::string& path) {
  SM_TRY_ASSIGN(const std::string text, read_source(path));
  const YamlFile file = is_json_name(path) ? parse_json_tree(text) : parse_yaml(text);
  ObjectRef ref;
  ref.kind = "NodeConfig";
  ref.file = path;
  ref.line = 1;
  Reporter report(ref, code::kInvalidKube);
  NodeConfig config;
  if (file.error) {
    report.invalid({}, file.error->mark, "the node file is no YAML: " + file.error->text, "");
  } else if (file.documents.size() != 1 || !file.documents.front().root.is_map()) {
    report.invalid({}, Mark{1, 1}, "the node file has to be one map", "see configs/minimal.yaml");
  } else {
    const YamlDocument& document = file.documents.front();
    for (const YamlError& error : document.errors) report.invalid({}, error.mark, error.text, "");
    check_message(document.root, kNodeSchema, {}, true, report);
    config = read_config(View(document.root, kNodeSchema, {}), path, report);
  }
  if (report.findings().empty()) return config;
  // All that is wrong at once, one line each.
  std::string lines;
  for (const Finding& finding : report.findings())
    lines += (lines.empty() ? "" : "\n") + line_of(finding);
  const bool invalid = is_invalid(report.findings());
  return Error{invalid ? ErrorCode::kInvalid : ErrorCode::kUnsupported, lines, {}};
}

}  // namespace sm::config
