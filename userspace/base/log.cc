// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>

namespace sm::log {

namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"trace", "debug", "info", "warn", "error"};
constexpr std::array<std::string_view, static_cast<std::size_t>(Component::kCount)>
    kComponentNames = {"daemon", "config", "plan", "capture", "proxy", "upstream", "admin"};
constexpr std::array<spdlog::level::level_enum, 5> kSpdlogLevels = {
    spdlog::level::trace, spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
    spdlog::level::err};

struct State {
  std::array<std::atomic<Level>, static_cast<std::size_t>(Component::kCount)> levels{};
  std::shared_ptr<spdlog::logger> sink;
  State() {
    for (auto& level : levels) level = Level::kInfo;
    sink = std::make_shared<spdlog::logger>("sockmesh",
                                            std::make_shared<spdlog::sinks::stderr_sink_mt>());
    sink->set_level(spdlog::level::trace);
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    sink->flush_on(spdlog::level::trace);
  }
};

// The one piece of global state in the program: where lines go. It is made on first use and never
// torn down, so that destructors may still log.
State& state() {
  static State& it = *new State;  // NOLINT: intentionally leaked, see above
  return it;
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::string_view to_string(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::string_view to_string(Component component) {
  return kComponentNames[static_cast<std::size_t>(component)];
}

std::optional<Component> parse_component(std::string_view text) {
  for (std::size_t i = 0; i < kComponentNames.size(); ++i) {
    if (kComponentNames[i] == text) return static_cast<Component>(i);
  }
  return std::nullopt;
}

void set_level(Component component, Level level) {
  state().levels[static_cast<std::size_t>(component)].store(level, std::memory_order_relaxed);
}

void set_all_levels(Level level) {
  for (auto& one : state().levels) one.store(level, std::memory_order_relaxed);
}

Level level_of(Component component) {
  return state().levels[static_cast<std::size_t>(component)].load(std::memory_order_relaxed);
}

bool enabled(Component component, Level level) { return level >= level_of(component); }

void write(Component component, Level level, std::string_view text) {
  state().sink->log(kSpdlogLevels[static_cast<std::size_t>(level)], "{}: {}", to_string(component),
                    text);
}

}  // namespace sm::log
