// SPDX-License-Identifier: Apache-2.0
#include "telemetry/access_format.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "telemetry/access_fields.h"

namespace sm::telemetry {
namespace {

using Field = AccessFormat::Field;
using Part = AccessFormat::Part;

struct Operator {
  std::string_view name;
  Field field;
};
constexpr std::array<Operator, 24> kOperators = {{
    {"PROTOCOL", Field::kProtocol},
    {"RESPONSE_CODE", Field::kResponseCode},
    {"RESPONSE_FLAGS", Field::kResponseFlags},
    {"RESPONSE_CODE_DETAILS", Field::kDetails},
    {"CONNECTION_TERMINATION_DETAILS", Field::kTerminationDetails},
    {"UPSTREAM_TRANSPORT_FAILURE_REASON", Field::kTransportFailure},
    {"BYTES_RECEIVED", Field::kBytesReceived},
    {"BYTES_SENT", Field::kBytesSent},
    {"DURATION", Field::kDuration},
    {"UPSTREAM_HOST", Field::kUpstreamHost},
    {"UPSTREAM_REMOTE_ADDRESS", Field::kUpstreamHost},
    {"UPSTREAM_CLUSTER", Field::kUpstreamCluster},
    {"UPSTREAM_CLUSTER_RAW", Field::kUpstreamCluster},
    {"UPSTREAM_LOCAL_ADDRESS", Field::kUpstreamLocal},
    {"DOWNSTREAM_LOCAL_ADDRESS", Field::kDownstreamLocal},
    {"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", Field::kDownstreamLocalIp},
    {"DOWNSTREAM_LOCAL_PORT", Field::kDownstreamLocalPort},
    {"DOWNSTREAM_REMOTE_ADDRESS", Field::kDownstreamRemote},
    {"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Field::kDownstreamRemoteIp},
    {"DOWNSTREAM_REMOTE_PORT", Field::kDownstreamRemotePort},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS", Field::kDownstreamRemote},
    {"REQUESTED_SERVER_NAME", Field::kServerName},
    {"ROUTE_NAME", Field::kRouteName},
    {"HOSTNAME", Field::kHostname},
}};

// Headers that a record holds by themselves: what is logged of them is not always what was
// received.
struct KnownHeader {
  std::string_view text;
  Field field;
};
constexpr std::array<KnownHeader, 8> kRequestHeaders = {{
    {":method", Field::kMethod},
    {":path", Field::kPath},
    {"x-envoy-original-path?:path", Field::kPath},
    {":authority", Field::kAuthority},
    {"host", Field::kAuthority},
    {"x-forwarded-for", Field::kForwardedFor},
    {"user-agent", Field::kUserAgent},
    {"x-request-id", Field::kRequestId},
}};

constexpr std::string_view kDefaultText =
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
    "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "
    "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
    "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% "
    "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% "
    "%REQUESTED_SERVER_NAME% %ROUTE_NAME%";
constexpr std::string_view kDefaultJson =
    R"({"start_time":"%START_TIME%","route_name":"%ROUTE_NAME%","method":"%REQ(:METHOD)%",)"
    R"("path":"%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%","protocol":"%PROTOCOL%",)"
    R"("response_code":"%RESPONSE_CODE%","response_flags":"%RESPONSE_FLAGS%",)"
    R"("response_code_details":"%RESPONSE_CODE_DETAILS%",)"
    R"("connection_termination_details":"%CONNECTION_TERMINATION_DETAILS%",)"
    R"("bytes_received":"%BYTES_RECEIVED%","bytes_sent":"%BYTES_SENT%","duration":"%DURATION%",)"
    R"("upstream_service_time":"%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",)"
    R"("x_forwarded_for":"%REQ(X-FORWARDED-FOR)%","user_agent":"%REQ(USER-AGENT)%",)"
    R"("request_id":"%REQ(X-REQUEST-ID)%","authority":"%REQ(:AUTHORITY)%",)"
    R"("upstream_host":"%UPSTREAM_HOST%","upstream_cluster":"%UPSTREAM_CLUSTER_RAW%",)"
    R"("upstream_local_address":"%UPSTREAM_LOCAL_ADDRESS%",)"
    R"("downstream_local_address":"%DOWNSTREAM_LOCAL_ADDRESS%",)"
    R"("downstream_remote_address":"%DOWNSTREAM_REMOTE_ADDRESS%",)"
    R"("requested_server_name":"%REQUESTED_SERVER_NAME%",)"
    R"("upstream_transport_failure_reason":"%UPSTREAM_TRANSPORT_FAILURE_REASON%"})";

Error unknown(std::string_view what) {
  return Error{ErrorCode::kInvalid,
               fmt::format("the access-log format has an operator that is not known: %{}%", what),
               "docs/CONFIG.md lists those that are; a percent sign is written %%"};
}

// NAME, what stands in parentheses after it, and the longest length after a colon.
struct Command {
  std::string_view name;
  std::string_view argument;
  std::size_t limit = 0;
};

std::optional<Command> command_of(std::string_view text) {
  Command command;
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  std::string_view rest;
  if (open == std::string_view::npos) {
    command.name = text.substr(0, text.find(':'));
    rest = text.substr(command.name.size());
  } else {
    if (close == std::string_view::npos || close < open) return std::nullopt;
    command.name = text.substr(0, open);
    command.argument = text.substr(open + 1, close - open - 1);
    rest = text.substr(close + 1);
  }
  if (rest.empty()) return command;
  const auto limit = parse_decimal(rest.substr(1));
  if (rest.front() != ':' || !limit || *limit == 0) return std::nullopt;
  command.limit = static_cast<std::size_t>(*limit);
  return command;
}

std::optional<Part> header_part(const Command& command) {
  Part part;
  part.limit = command.limit;
  const std::string argument = to_lower(command.argument);
  if (argument.empty()) return std::nullopt;
  part.field = command.name == "REQ" ? Field::kRequestHeader : Field::kResponseHeader;
  if (command.name == "REQ") {
    for (const KnownHeader& known : kRequestHeaders) {
      if (known.text == argument) part.field = known.field;
    }
  } else if (argument == "x-envoy-upstream-service-time") {
    part.field = Field::kServiceTime;
  }
  const std::size_t mark = argument.find('?');
  part.text = argument.substr(0, mark);
  if (mark != std::string::npos) part.other = argument.substr(mark + 1);
  return part;
}

std::optional<Part> part_of(std::string_view text) {
  const std::optional<Command> command = command_of(text);
  if (!command) return std::nullopt;
  if (command->name == "REQ" || command->name == "RESP") return header_part(*command);
  Part part;
  part.limit = command->limit;
  if (command->name == "START_TIME") {
    part.field = Field::kStartTime;
    part.text = command->argument;
    return part;
  }
  for (const Operator& known : kOperators) {
    if (known.name != command->name || !command->argument.empty()) continue;
    part.field = known.field;
    return part;
  }
  return std::nullopt;
}

// The end of an operator that starts at `from`: a percent sign outside of its parentheses, where a
// time format has some of its own.
std::size_t end_of_operator(std::string_view format, std::size_t from) {
  bool inside = false;
  for (std::size_t i = from; i < format.size(); ++i) {
    if (format[i] == '(') inside = true;
    if (format[i] == ')') inside = false;
    if (format[i] == '%' && !inside) return i;
  }
  return std::string_view::npos;
}

void append_json_text(std::string_view text, std::string& out) { out += dump_json(Json(text)); }

}  // namespace

Result<AccessFormat::Parts> AccessFormat::parts_of(std::string_view format) {
  Parts parts;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) parts.push_back(Part{Field::kLiteral, std::exchange(literal, {}), "", 0});
  };
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      literal.push_back(format[i]);
      continue;
    }
    const std::size_t end = end_of_operator(format, i + 1);
    if (end == std::string_view::npos) return unknown(format.substr(i + 1));
    if (end == i + 1) {
      literal.push_back('%');
    } else {
      std::optional<Part> part = part_of(format.substr(i + 1, end - i - 1));
      if (!part) return unknown(format.substr(i + 1, end - i - 1));
      end_literal();
      parts.push_back(std::move(*part));
    }
    i = end;
  }
  end_literal();
  return parts;
}

Result<std::shared_ptr<const AccessFormat>> AccessFormat::text(std::string_view format) {
  if (!format.empty() && format.back() == '\n') format.remove_suffix(1);
  auto made = std::make_shared<AccessFormat>();
  SM_TRY_ASSIGN(made->x_parts, parts_of(format));
  made->note_headers(made->x_parts);
  made->x_source = format;
  return std::shared_ptr<const AccessFormat>(std::move(made));
}

Result<> AccessFormat::add_object(const Json& object, std::string& before,
                                  std::vector<Member>& out) {
  before.push_back('{');
  bool first = true;
  for (const auto& [key, value] : object.items()) {
    if (!std::exchange(first, false)) before.push_back(',');
    append_json_text(key, before);
    before.push_back(':');
    if (value.is_object()) {
      SM_TRY(add_object(value, before, out));
    } else if (value.is_string()) {
      SM_TRY_ASSIGN(Parts parts, parts_of(value.get<std::string>()));
      out.push_back(Member{std::exchange(before, {}), std::move(parts)});
    } else {
      before += dump_json(value);
    }
  }
  before.push_back('}');
  return {};
}

Result<std::shared_ptr<const AccessFormat>> AccessFormat::json(std::string_view object) {
  SM_TRY_ASSIGN(const Json parsed, parse_json(object));
  if (!parsed.is_object())
    return Error{ErrorCode::kInvalid, "the access-log format is not a JSON object", ""};
  auto made = std::make_shared<AccessFormat>();
  made->x_json = true;
  SM_TRY(add_object(parsed, made->x_end, made->x_members));
  for (const Member& member : made->x_members) made->note_headers(member.value);
  made->x_source = object;
  return std::shared_ptr<const AccessFormat>(std::move(made));
}

void AccessFormat::note_headers(const Parts& parts) {
  for (const Part& part : parts) {
    if (part.field != Field::kResponseHeader) continue;
    for (const std::string& name : {part.text, part.other}) {
      if (!name.empty()) x_response_headers.push_back(name);
    }
  }
}

std::shared_ptr<const AccessFormat> AccessFormat::default_text() {
  static const std::shared_ptr<const AccessFormat> kMade = *text(kDefaultText);
  return kMade;
}

std::shared_ptr<const AccessFormat> AccessFormat::default_json() {
  static const std::shared_ptr<const AccessFormat> kMade = *json(kDefaultJson);
  return kMade;
}

void AccessFormat::append(const AccessRecord& record, std::string& out) const {
  for (const Part& part : x_parts) {
    if (!append_field(part, record, out) && part.field != Field::kLiteral) out.push_back('-');
  }
  if (!x_json) return;
  std::string value;
  for (const Member& member : x_members) {
    out += member.before;
    value.clear();
    if (member.value.size() == 1 && member.value.front().field != Field::kLiteral) {
      const Part& only = member.value.front();
      if (!append_field(only, record, value)) {
        out += "null";
      } else if (is_number(only.field)) {
        out += value;
      } else {
        append_json_text(value, out);
      }
      continue;
    }
    for (const Part& part : member.value) {
      if (!append_field(part, record, value)) value.push_back('-');
    }
    append_json_text(value, out);
  }
  out += x_end;
}

}  // namespace sm::telemetry
