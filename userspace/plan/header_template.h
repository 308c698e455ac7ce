// SPDX-License-Identifier: Apache-2.0
// HeaderTemplate: the value of a header operation with its %...% substitutions
// (istio-behaviour.md 2.5), taken apart once when a plan is built. Part of a RunPlan, const, read
// by every worker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "http/message.h"

namespace sm::plan {

// What of the connection a header value may refer to, e.g. %DOWNSTREAM_REMOTE_ADDRESS%.
struct StreamFacts {
  SocketAddress downstream_remote;
  SocketAddress downstream_local;
};

class HeaderTemplate {
 public:
  // Knows %DOWNSTREAM_REMOTE_ADDRESS%, the same with _WITHOUT_PORT, %DOWNSTREAM_LOCAL_ADDRESS%,
  // %REQ(x?y):n%, %PROTOCOL% and
  // `%%`. Every other text stays as it is, an unknown command with its percent signs.
  explicit HeaderTemplate(std::string_view text);

  // Appends the value for this request. %REQ% of an absent header is nothing.
  void append_to(std::string& out, const http::RequestHead& request,
                 const StreamFacts& facts) const;

 private:
  enum class Part : std::uint8_t {
    kText,
    kRemoteAddress,
    kRemoteIp,
    kLocalAddress,
    kProtocol,
    kRequestHeader
  };
  struct Piece {
    Part part = Part::kText;
    std::string text;         // kText: itself; kRequestHeader: the name in lower case
    std::string alternative;  // kRequestHeader: the name that is asked when the first is absent;
                              // may be empty
    std::size_t length_max = std::string::npos;
  };
  void add_text(std::string_view text);
  bool add_command(std::string_view command);

  std::vector<Piece> x_pieces;
};

// The value that Envoy's %REQ(name)% and header matchers see: `:path`, `:method`, `:authority` (and
// `host`) and `:scheme` are the parts of the request line, everything else the first header of that
// name. `name` is in lower case; false when absent.
bool request_value(const http::RequestHead& request, std::string_view name,
                   std::string_view& value);

}  // namespace sm::plan
