// SPDX-License-Identifier: Apache-2.0
// ResourceWatch: one call for each burst of changes below the resource directories. Owned by the
// server, control thread.
#pragma once

#include "config/source_watch.h"
#include "daemon/debounce.h"
#include "io/loop.h"
#include "io/timer.h"
#include "io/watch.h"

namespace sm::daemon {

class ResourceEvents {
 public:
  // The files changed and have been quiet for kReloadDebounce, or have been changing for
  // kReloadDebounceMax.
  virtual void on_resources_changed() = 0;

 protected:
  ~ResourceEvents() = default;
};

class ResourceWatch final : private io::WatchEvents, private io::TimerEvents {
 public:
  ResourceWatch(io::Loop& loop, config::SourceWatch source, ResourceEvents& events);

  // The caller is about to read the files anyway: what has been noticed so far needs no call.
  void forget_pending();

 private:
  void on_ready(bool readable, bool writable) override;
  void on_timer(int tag) override;
  void arm();
  void say_unwatched();

  io::Loop& x_loop;
  ResourceEvents& x_events;
  config::SourceWatch x_source;
  Debounce x_debounce;
  std::size_t x_unwatched = 0;  // folders already complained about
  io::Timer x_timer;
  io::Watch x_watch;
};

}  // namespace sm::daemon
