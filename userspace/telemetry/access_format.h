// SPDX-License-Identifier: Apache-2.0
// AccessFormat: an access-log format, understood once and then filled in for each record. Text with
// Envoy's command operators (%REQ(X?Y):Z%, %RESPONSE_CODE%, ...), or a JSON object whose values are
// such texts. Immutable; any thread.
//
// In JSON a value that is one operator and nothing else keeps its type (a number for
// %RESPONSE_CODE%), and is null when there is nothing to tell, as with Envoy's json_format.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "telemetry/access_record.h"

namespace sm::telemetry {

class AccessFormat {
 public:
  // Istio's default line, and its default JSON (istio-behaviour.md 9.4).
  static std::shared_ptr<const AccessFormat> default_text();
  static std::shared_ptr<const AccessFormat> default_json();
  // kInvalid names the operator that is not known or not closed. A line feed at the end is the
  // format's own and is dropped: every record ends with one.
  static Result<std::shared_ptr<const AccessFormat>> text(std::string_view format);
  // `object`: a JSON object; nested objects are taken as they are.
  static Result<std::shared_ptr<const AccessFormat>> json(std::string_view object);

  // Appends one line without the line feed.
  void append(const AccessRecord& record, std::string& out) const;

  // Names that %RESP()% asks for, in lower case.
  const std::vector<std::string>& response_headers() const { return x_response_headers; }
  bool operator==(const AccessFormat& other) const { return x_source == other.x_source; }

  enum class Field : std::uint8_t {
    kLiteral,
    kStartTime,
    kMethod,
    kPath,
    kProtocol,
    kResponseCode,
    kResponseFlags,
    kDetails,
    kTerminationDetails,
    kTransportFailure,
    kBytesReceived,
    kBytesSent,
    kDuration,
    kServiceTime,
    kForwardedFor,
    kUserAgent,
    kRequestId,
    kAuthority,
    kUpstreamHost,
    kUpstreamCluster,
    kUpstreamLocal,
    kDownstreamLocal,
    kDownstreamLocalIp,
    kDownstreamLocalPort,
    kDownstreamRemote,
    kDownstreamRemoteIp,
    kDownstreamRemotePort,
    kServerName,
    kRouteName,
    kHostname,
    kRequestHeader,
    kResponseHeader,
  };
  struct Part {
    Field field = Field::kLiteral;
    std::string text;       // of a literal; the time format; a header's name in lower case
    std::string other;      // the header to take when the first is missing
    std::size_t limit = 0;  // longest value, in bytes; 0: none
  };
  using Parts = std::vector<Part>;

 private:
  // Of JSON: text to be written as it is, and what comes after it.
  struct Member {
    std::string before;
    Parts value;
  };
  static Result<Parts> parts_of(std::string_view format);
  static Result<> add_object(const Json& object, std::string& before, std::vector<Member>& out);

  void note_headers(const Parts& parts);

  std::string x_source;  // what it was made from
  bool x_json = false;
  Parts x_parts;
  std::vector<Member> x_members;
  std::string x_end;  // what closes the object
  std::vector<std::string> x_response_headers;
};

}  // namespace sm::telemetry
