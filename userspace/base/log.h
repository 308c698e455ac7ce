// SPDX-License-Identifier: Apache-2.0
// The daemon's own log, on standard error: one line an event, `time level component: text`. Levels
// by audience: error = act, warn = degraded, info = life cycle, debug = a line per connection,
// trace = bytes. Never header values or tokens. Any thread may log; set_level may be called from
// any thread at any time.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sm::log {

enum class Level : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };
enum class Component : std::uint8_t {
  kDaemon,
  kConfig,
  kPlan,
  kCapture,
  kProxy,
  kUpstream,
  kAdmin,
  kCount
};

std::optional<Level> parse_level(std::string_view text);
std::string_view to_string(Level level);
std::string_view to_string(Component component);
std::optional<Component> parse_component(std::string_view text);

void set_level(Component component, Level level);
void set_all_levels(Level level);
Level level_of(Component component);
bool enabled(Component component, Level level);
void write(Component component, Level level, std::string_view text);

template <class... Args>
void say(Component component, Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(component, level))
    write(component, level, fmt::format(format, std::forward<Args>(args)...));
}

// The name a file logs under: `constexpr log::Logger kLog{log::Component::kCapture};` then
// kLog.info("...", x).
struct Logger {
  Component component;
  template <class... Args>
  void trace(fmt::format_string<Args...> f, Args&&... a) const {
    say(component, Level::kTrace, f, std::forward<Args>(a)...);
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> f, Args&&... a) const {
    say(component, Level::kDebug, f, std::forward<Args>(a)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> f, Args&&... a) const {
    say(component, Level::kInfo, f, std::forward<Args>(a)...);
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> f, Args&&... a) const {
    say(component, Level::kWarn, f, std::forward<Args>(a)...);
  }
  template <class... Args>
  void error(fmt::format_string<Args...> f, Args&&... a) const {
    say(component, Level::kError, f, std::forward<Args>(a)...);
  }
};

}  // namespace sm::log
