// SPDX-License-Identifier: Apache-2.0
#include "telemetry/access_fields.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <iterator>
#include <optional>

namespace sm::telemetry {
namespace {

using Field = AccessFormat::Field;
using Time = std::chrono::system_clock::time_point;

bool append_text(std::string_view text, std::size_t limit, std::string& out) {
  if (text.empty()) return false;
  if (limit != 0) text = text.substr(0, limit);
  for (const char c : text) out.push_back(c == '\n' || c == '\r' ? ' ' : c);
  return true;
}

bool append_number(std::uint64_t number, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}", number);
  return true;
}

std::tm utc(Time time) {
  const std::time_t clock =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  ::gmtime_r(&clock, &parts);
  return parts;
}

std::int64_t nanoseconds_of(Time time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             time - std::chrono::floor<std::chrono::seconds>(time))
      .count();
}

void append_iso(Time time, std::string& out) {
  const std::tm parts = utc(time);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, nanoseconds_of(time) / 1'000'000);
}

// strftime, with %s, and %f or %Nf (N from 1 to 9) for the part of the second.
void append_time(Time time, std::string_view format, std::string& out) {
  if (format.empty()) return append_iso(time, out);
  std::string plain;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 >= format.size()) {
      plain.push_back(format[i]);
      continue;
    }
    const bool digit = format[i + 1] >= '1' && format[i + 1] <= '9';
    if (digit && i + 2 < format.size() && format[i + 2] == 'f') {
      plain += fmt::format("{:09}", nanoseconds_of(time))
                   .substr(0, static_cast<std::size_t>(format[i + 1] - '0'));
      i += 2;
    } else if (format[i + 1] == 'f') {
      plain += fmt::format("{:09}", nanoseconds_of(time));
      ++i;
    } else {
      plain += format.substr(i, 2);
      ++i;
    }
  }
  const std::tm parts = utc(time);
  std::array<char, 256> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), plain.c_str(), &parts);
  out.append(text.data(), length);
}

bool append_address(const std::optional<SocketAddress>& address, std::string& out) {
  if (address) out.append(address->to_string());
  return address.has_value();
}

bool append_ip(const std::optional<SocketAddress>& address, std::string& out) {
  if (address) out.append(address->ip.to_string());
  return address.has_value();
}

bool append_port(const std::optional<SocketAddress>& address, std::string& out) {
  return address && append_number(address->port, out);
}

const std::string& hostname() {
  static const std::string kName = [] {
    std::array<char, 256> text{};
    ::gethostname(text.data(), text.size() - 1);
    return std::string(text.data());
  }();
  return kName;
}

std::string_view header(const AccessFormat::Part& part, const AccessRecord& record) {
  if (record.headers == nullptr) return {};
  const auto one = [&](const std::string& name) {
    return part.field == Field::kRequestHeader ? record.headers->request_header(name)
                                               : record.headers->response_header(name);
  };
  const std::string_view first = one(part.text);
  return first.empty() && !part.other.empty() ? one(part.other) : first;
}

std::string_view text_of(const AccessFormat::Part& part, const AccessRecord& record) {
  const auto http = [&](std::string_view text) { return record.http ? text : std::string_view(); };
  switch (part.field) {
    case Field::kLiteral:
      return part.text;
    case Field::kMethod:
      return http(record.method);
    case Field::kPath:
      return http(record.path);
    case Field::kProtocol:
      return http(record.protocol);
    case Field::kDetails:
      return record.details;
    case Field::kTerminationDetails:
      return record.termination_details;
    case Field::kTransportFailure:
      return record.transport_failure;
    case Field::kForwardedFor:
      return record.forwarded_for;
    case Field::kUserAgent:
      return record.user_agent;
    case Field::kRequestId:
      return record.request_id;
    case Field::kAuthority:
      return record.authority;
    case Field::kUpstreamCluster:
      return record.upstream_cluster;
    case Field::kServerName:
      return record.requested_server_name;
    case Field::kRouteName:
      return record.route_name;
    case Field::kHostname:
      return hostname();
    default:
      return header(part, record);
  }
}

}  // namespace

bool append_field(const AccessFormat::Part& part, const AccessRecord& record, std::string& out) {
  switch (part.field) {
    case Field::kStartTime:
      append_time(record.start_time, part.text, out);
      return true;
    case Field::kResponseCode:
      return append_number(static_cast<std::uint64_t>(record.response_code), out);
    case Field::kResponseFlags:
      if (record.flags.empty()) return false;
      record.flags.append_to(out);
      return true;
    case Field::kBytesReceived:
      return append_number(record.bytes_received, out);
    case Field::kBytesSent:
      return append_number(record.bytes_sent, out);
    case Field::kDuration:
      return append_number(static_cast<std::uint64_t>(record.duration.count()), out);
    case Field::kServiceTime:
      return record.upstream_service_time &&
             append_number(static_cast<std::uint64_t>(record.upstream_service_time->count()), out);
    case Field::kUpstreamHost:
      return append_address(record.upstream_host, out);
    case Field::kUpstreamLocal:
      return append_address(record.upstream_local, out);
    case Field::kDownstreamLocal:
      return append_address(record.downstream_local, out);
    case Field::kDownstreamLocalIp:
      return append_ip(record.downstream_local, out);
    case Field::kDownstreamLocalPort:
      return append_port(record.downstream_local, out);
    case Field::kDownstreamRemote:
      return append_address(record.downstream_remote, out);
    case Field::kDownstreamRemoteIp:
      return append_ip(record.downstream_remote, out);
    case Field::kDownstreamRemotePort:
      return append_port(record.downstream_remote, out);
    default:
      return append_text(text_of(part, record), part.limit, out);
  }
}

bool is_number(AccessFormat::Field field) {
  return field == Field::kResponseCode || field == Field::kBytesReceived ||
         field == Field::kBytesSent || field == Field::kDuration ||
         field == Field::kDownstreamLocalPort || field == Field::kDownstreamRemotePort;
}

}  // namespace sm::telemetry
