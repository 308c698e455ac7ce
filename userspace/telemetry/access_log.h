// SPDX-License-Identifier: Apache-2.0
// The access log. A LogSink is the place that lines go to, shared by all workers; an AccessLog
// belongs to one worker, formats into its own buffer and hands whole lines over once per pass of
// the loop, so that no lock is taken per request.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "telemetry/access_format.h"
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
  // What records are written as from now on; Istio's default line until then. Each worker takes it
  // up with its next record.
  void set_format(std::shared_ptr<const AccessFormat> format);
  std::shared_ptr<const AccessFormat> format();
  std::uint64_t format_version() const { return x_format_version.load(std::memory_order_acquire); }
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

  // Guards the descriptor, the path, the rest and the format; held for the writes of one flush.
  std::mutex x_lock;
  std::shared_ptr<const AccessFormat> x_format = AccessFormat::default_text();
  std::atomic<std::uint64_t> x_format_version{1};
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
  // Those that the format in force names, in lower case; whoever makes a record has to have them.
  const std::vector<std::string>& response_headers();
  // Flushes at kAccessLogFlushBytes. A line that finds kAccessLogBytesMax before it that the sink
  // does not take is dropped and counted.
  void record(const AccessRecord& record);
  // To be called at the end of each pass of the loop. Gives the sink what it takes without waiting,
  // keeps the rest.
  void flush();
  bool pending() const { return !x_lines.empty(); }

 private:
  const AccessFormat& current_format();

  LogSink& x_sink;
  std::shared_ptr<const AccessFormat> x_format;
  std::uint64_t x_format_version = 0;  // of x_format; 0: none was taken up yet
  std::string x_lines;
};

}  // namespace sm::telemetry
