// SPDX-License-Identifier: Apache-2.0
#include "daemon/resource_watch.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"

namespace sm::daemon {

namespace {
constexpr log::Logger kLog{log::Component::kConfig};
}  // namespace

ResourceWatch::ResourceWatch(io::Loop& loop, config::SourceWatch source, ResourceEvents& events)
    : x_loop(loop),
      x_events(events),
      x_source(std::move(source)),
      x_debounce(kReloadDebounce, kReloadDebounceMax),
      x_timer(loop.timers(), *this, 0),
      x_watch(loop, x_source.fd(), *this) {
  x_watch.want(true, false);
  say_unwatched();
}

void ResourceWatch::forget_pending() {
  // What is drained here was written before the caller reads; what is written later makes the
  // descriptor readable again.
  x_source.drain();
  x_debounce.clear();
  x_timer.cancel();
  say_unwatched();
}

void ResourceWatch::on_ready(bool /*readable*/, bool /*writable*/) {
  if (x_source.drain()) {
    x_debounce.changed(x_loop.now());
    arm();
  }
  say_unwatched();
}

void ResourceWatch::on_timer(int /*tag*/) {
  if (x_debounce.take(x_loop.now())) {
    x_events.on_resources_changed();
  } else {
    arm();
  }
}

void ResourceWatch::arm() {
  const auto due = x_debounce.due();
  if (due) x_timer.arm(std::max(*due - x_loop.now(), std::chrono::milliseconds(0)));
}

void ResourceWatch::say_unwatched() {
  const auto& folders = x_source.unwatched();
  if (folders.size() == x_unwatched) return;
  x_unwatched = folders.size();
  if (folders.empty()) return;
  kLog.warn(
      "changes in {} folders will not be noticed ({}); raise fs.inotify.max_user_watches, until "
      "then use `sockmeshctl sync`",
      folders.size(), fmt::join(folders, ", "));
}

}  // namespace sm::daemon
