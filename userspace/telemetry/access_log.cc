// SPDX-License-Identifier: Apache-2.0
#include "telemetry/access_log.h"

#include <algorithm>

#include "base/limits.h"

namespace sm::telemetry {

void AccessLog::record(const AccessRecord& record) {
  if (!enabled()) return;
  if (x_lines.size() >= kAccessLogBytesMax) {
    flush();
    if (x_lines.size() >= kAccessLogBytesMax) {
      x_sink.count_dropped(1);
      return;
    }
  }
  const std::size_t before = x_lines.size();
  current_format().append(record, x_lines);
  x_lines.push_back('\n');
  // Only the record that crosses the mark flushes: with a full sink every later one would try in
  // vain.
  if (before < kAccessLogFlushBytes && x_lines.size() >= kAccessLogFlushBytes) flush();
}

const AccessFormat& AccessLog::current_format() {
  if (x_format_version != x_sink.format_version()) {
    x_format_version = x_sink.format_version();
    x_format = x_sink.format();
  }
  return *x_format;
}

const std::vector<std::string>& AccessLog::response_headers() {
  static const std::vector<std::string> kNone;
  return enabled() ? current_format().response_headers() : kNone;
}

void AccessLog::flush() {
  if (!x_lines.empty()) x_lines.erase(0, x_sink.write(x_lines));
}

}  // namespace sm::telemetry
