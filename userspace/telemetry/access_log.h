// SPDX-License-Identifier: Apache-2.0
// The access log. A LogSink is the place that lines go to, shared by all workers; an AccessLog belongs to one worker, formats
// into its own buffer and hands whole lines over once per pass of the loop, so that no lock is taken per request.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "telemetry/access_record.h"

namespace sm::telemetry {

// Thread-safe.
class LogSink {
 public:
  // "" = off; "/dev/stdout" and "/dev/stderr" are the process's own descriptors; anything else is a file, opened for appending.
  // A path that cannot be opened is said in the daemon's log once, and lines are counted as dropped.
  void open(const std::string& path);
  // Opens the same path again (after a rotation).
  void reopen();
  bool enabled() const { return x_enabled.load(std::memory_order_relaxed); }
  // Appends whole lines. Never blocks for long: what a full pipe does not take is dropped whole line by whole line and counted.
  void write(std::string_view lines);
  std::uint64_t dropped_lines() const { return x_dropped.load(std::memory_order_relaxed); }

 private:
  std::mutex x_lock;  // guards the descriptor; held for one write
  UniqueFd x_file;
  int x_fd = -1;
  std::string x_path;
  std::atomic<bool> x_enabled{false};
  std::atomic<std::uint64_t> x_dropped{0};
};

// One worker's thread only.
class AccessLog {
 public:
  explicit AccessLog(LogSink& sink) : x_sink(sink) {}
  bool enabled() const { return x_sink.enabled(); }
  void record(const AccessRecord& record);
  // To be called at the end of each pass of the loop.
  void flush();

 private:
  LogSink& x_sink;
  std::string x_lines;
};

// One line without the newline, Istio's default text format.
void format_text(const AccessRecord& record, std::string& out);

}  // namespace sm::telemetry
