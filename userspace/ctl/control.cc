// SPDX-License-Identifier: Apache-2.0
// The verbs that make the daemon do something: sync, log-level, drain.
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "ctl/exit_code.h"
#include "ctl/handlers.h"
#include "ctl/online.h"
#include "ctl/output.h"
#include "ctl/seconds.h"
#include "ctl/suggest.h"
#include "ctl/table.h"

namespace sm::ctl {
namespace {

constexpr std::chrono::milliseconds kSyncGrace{10'000};  // for the answer itself

std::string sync_text(const Json& result) {
  const std::string rejected = cell_at(result, "quarantined");
  std::string text =
      "generation " + cell_at(result, "generation") + " is in force in every worker\n";
  if (rejected != "0" && rejected != "-") {
    text += rejected + " of the documents rejected; see `sockmeshctl status`\n";
  }
  return text;
}

// "key: value" lines of whatever the daemon says.
std::string lines_text(const Json& result) {
  if (!result.is_object()) return cell(result) + "\n";
  std::string text;
  for (const auto& item : result.items()) text += item.key() + ": " + cell(item.value()) + "\n";
  return text;
}

std::vector<std::string_view> component_names() {
  std::vector<std::string_view> names;
  for (unsigned i = 0; i < static_cast<unsigned>(log::Component::kCount); ++i) {
    names.push_back(log::to_string(static_cast<log::Component>(i)));
  }
  return names;
}

Error no_such(const std::string& what, const std::string& word,
              const std::vector<std::string_view>& known) {
  std::string remedy;
  const std::string_view meant = nearest(word, known);
  if (!meant.empty()) remedy = "did you mean \"" + std::string(meant) + "\"? ";
  remedy += "known:";
  for (const std::string_view name : known) remedy += " " + std::string(name);
  return {ErrorCode::kInvalid, "\"" + word + "\" is no " + what, remedy};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_seconds(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string::npos) return {};
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size()) return {};
  const double milliseconds = seconds * 1000.0;
  if (milliseconds > static_cast<double>(kAdminSyncWaitMax.count())) return {};
  return std::chrono::milliseconds(std::llround(milliseconds));
}

int run_sync(const Invocation& call, Console& console) {
  std::string text = call.value("--wait", "10");
  if (text.size() > 1 && text.back() == 's') text.pop_back();
  const auto wait = parse_seconds(text);
  if (!wait) {
    return fail(console, Format::kTable,
                {ErrorCode::kInvalid, "--wait " + call.value("--wait") + " is no number of seconds",
                 "write a number between 0 and " +
                     std::to_string(kAdminSyncWaitMax.count() / 1000) + ", such as --wait 10"},
                kExitUsage);
  }
  const Json request{{"verb", "sync"}, {"waitMs", static_cast<std::uint64_t>(wait->count())}};
  return ask_and_print(call, console, request, sync_text, *wait + kSyncGrace);
}

int run_log_level(const Invocation& call, Console& console) {
  const std::string& word = call.operands[0];
  const std::size_t colon = word.find(':');
  const std::string component = colon == std::string::npos ? "" : word.substr(0, colon);
  const std::string level = colon == std::string::npos ? word : word.substr(colon + 1);
  if (colon != std::string::npos && !log::parse_component(component)) {
    return fail(console, Format::kTable, no_such("component", component, component_names()),
                kExitUsage);
  }
  if (!log::parse_level(level)) {
    return fail(console, Format::kTable,
                no_such("log level", level, {"trace", "debug", "info", "warn", "error"}),
                kExitUsage);
  }
  const Json request{{"verb", "log-level"}, {"component", component}, {"level", level}};
  return ask_and_print(call, console, request, lines_text);
}

int run_handover(const Invocation& call, Console& console) {
  return ask_and_print(call, console, Json{{"verb", "handover"}}, lines_text);
}

int run_drain(const Invocation& call, Console& console) {
  return ask_and_print(call, console, Json{{"verb", "drain"}}, lines_text);
}

}  // namespace sm::ctl
