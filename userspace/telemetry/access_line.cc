// SPDX-License-Identifier: Apache-2.0
// The text form of a record: Istio's default fields in their order (istio-behaviour.md 9.4).
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "telemetry/access_log.h"

namespace sm::telemetry {
namespace {

// A line feed in a value would forge a line. None gets through the parsers; this keeps it so for
// every other source.
void append_text(std::string_view text, std::string& out) {
  if (text.empty()) out.push_back('-');
  for (const char c : text) out.push_back(c == '\n' || c == '\r' ? ' ' : c);
}

void append_plain(std::string_view text, std::string& out) {
  append_text(text, out);
  out.push_back(' ');
}

void append_quoted(std::string_view text, std::string& out) {
  out.push_back('"');
  append_text(text, out);
  out.append("\" ");
}

void append_time(std::chrono::system_clock::time_point time, std::string& out) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time - second).count();
  const std::time_t clock = std::chrono::system_clock::to_time_t(second);
  std::tm parts{};
  ::gmtime_r(&clock, &parts);
  fmt::format_to(std::back_inserter(out), "[{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z] ",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, ms);
}

void append_address(const std::optional<SocketAddress>& address, std::string& out) {
  out.append(address ? address->to_string() : "-");
}

}  // namespace

void format_text(const AccessRecord& record, std::string& out) {
  const auto http = [&](std::string_view text) { return record.http ? text : std::string_view(); };
  append_time(record.start_time, out);
  out.push_back('"');
  append_plain(http(record.method), out);
  append_plain(http(record.path), out);
  append_text(http(record.protocol), out);
  fmt::format_to(std::back_inserter(out), "\" {} ", record.response_code);
  record.flags.append_to(out);
  out.push_back(' ');
  append_plain(record.details, out);
  append_plain(record.termination_details, out);
  append_quoted(record.transport_failure, out);
  fmt::format_to(std::back_inserter(out), "{} {} {} ", record.bytes_received, record.bytes_sent,
                 record.duration.count());
  if (record.upstream_service_time) {
    fmt::format_to(std::back_inserter(out), "{} ", record.upstream_service_time->count());
  } else {
    out.append("- ");
  }
  append_quoted(record.forwarded_for, out);
  append_quoted(record.user_agent, out);
  append_quoted(record.request_id, out);
  append_quoted(record.authority, out);
  out.push_back('"');
  append_address(record.upstream_host, out);
  out.append("\" ");
  append_plain(record.upstream_cluster, out);
  append_address(record.upstream_local, out);
  out.push_back(' ');
  append_address(record.downstream_local, out);
  out.push_back(' ');
  append_address(record.downstream_remote, out);
  out.push_back(' ');
  append_plain(record.requested_server_name, out);
  append_text(record.route_name, out);
}

}  // namespace sm::telemetry
