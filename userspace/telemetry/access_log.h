// SPDX-License-Identifier: Apache-2.0
// The access log. A LogSink is the place that lines go to, shared by all workers; an AccessLog
// belongs to one worker, formats into its own buffer and hands whole lines over once per pass of
// the loop, so that no lock is taken per request.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "telemetry/access_record.h"

namespace sm::telemetry {

// Thread-safe. Lines of two workers are never mixed: a line that was begun is finished before
// another one starts. Requires: the process ignores SIGPIPE.
class LogSink {
 public:
  // "" = off; "/dev/stdout" and "/dev/stderr" are the process's own descriptors; anything else is a
  // file, opened for appending. A path that cannot be opened is said in the daemon's log once, and
  // lines are counted as dropped.
  void open(const std::string& path);
  // Opens the same path again (after a rotation). When that fails the old file stays in use.
  void reopen();
  bool enabled() const { return x_enabled.load(std::memory_order_relaxed); }
  // Whole lines, each with its line feed. Never waits for a reader: returns how many bytes were
  // taken, always up to the end of a line, and the rest may be offered again. Lines that can never
  // be written (no reader, disk full) are taken and counted.
  std::size_t write(std::string_view lines);
  void count_dropped(std::uint64_t lines) { x_dropped.fetch_add(lines, std::memory_order_relaxed); }
  std::uint64_t dropped_lines() const { return x_dropped.load(std::memory_order_relaxed); }

 private:
  // As write(2), but 0 when it would have to wait.
  ssize_t write_some(std::string_view bytes) const;
  bool finish_line();

  std::mutex
      x_lock;  // guards the descriptor, the path and the rest; held for the writes of one flush
  UniqueFd x_file;
  bool x_may_block = false;  // a pipe whose blocking mode belongs to others too
  std::string x_path;
  std::string x_rest;  // of a line that was only half written
  std::atomic<bool> x_enabled{false};
  std::atomic<std::uint64_t> x_dropped{0};
};

// One worker's thread only.
class AccessLog {
 public:
  explicit AccessLog(LogSink& sink) : x_sink(sink) {}
  bool enabled() const { return x_sink.enabled(); }
  // Flushes at kAccessLogFlushBytes. A line that finds kAccessLogBytesMax before it that the sink
  // does not take is dropped and counted.
  void record(const AccessRecord& record);
  // To be called at the end of each pass of the loop. Gives the sink what it takes without waiting,
  // keeps the rest.
  void flush();
  bool pending() const { return !x_lines.empty(); }

 private:
  LogSink& x_sink;
  std::string x_lines;
};

// Appends one line without the newline, Istio's default text format.
void format_text(const AccessRecord& record, std::string& out);

}  // namespace sm::telemetry
