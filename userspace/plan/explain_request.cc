// SPDX-License-Identifier: Apache-2.0
#include "plan/explain.h"

namespace sm::plan {

namespace {

Error missing(std::string text) { return {ErrorCode::kInvalid, std::move(text), {}}; }

Result<std::string> text_of(const Json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end() || found->is_null()) return std::string();
  if (!found->is_string()) return missing(std::string("\"") + key + "\" is no string");
  return found->get<std::string>();
}

Result<> read_headers(const Json& line, ExplainRequest& out) {
  const auto headers = line.find("headers");
  if (headers == line.end() || headers->is_null()) return {};
  if (!headers->is_object()) return missing("\"headers\" is no object");
  for (const auto& item : headers->items()) {
    const Json values = item.value().is_array() ? item.value() : Json::array({item.value()});
    for (const Json& value : values) {
      if (!value.is_string())
        return missing("header \"" + item.key() + "\" has a value that is no string");
      out.headers.emplace_back(item.key(), value.get<std::string>());
    }
  }
  return {};
}

}  // namespace

Result<ExplainRequest> ExplainRequest::from_json(const Json& line) {
  if (!line.is_object()) return missing("a request is a JSON object");
  ExplainRequest out;
  SM_TRY_ASSIGN(const std::string from, text_of(line, "from"));
  SM_TRY_ASSIGN(const std::string gateway, text_of(line, "gateway"));
  if (from.empty() == gateway.empty())
    return missing("a request has either \"from\" or \"gateway\"");
  out.at_gateway = from.empty();
  out.pod = out.at_gateway ? gateway : from;
  if (const auto port = line.find("port"); port != line.end() && !port->is_null()) {
    if (!port->is_number_integer() || *port < 1 || *port > 65535)
      return missing("\"port\" is no port number");
    out.port = port->get<std::uint16_t>();
  } else if (out.at_gateway) {
    return missing("with \"gateway\" goes \"port\", the port that is asked");
  }
  SM_TRY_ASSIGN(const std::string tls, text_of(line, "tls"));
  if (!tls.empty()) {
    return Error{ErrorCode::kUnsupported, "TLS at gateways is not served by this version",
                 "leave \"tls\" out"};
  }
  SM_TRY_ASSIGN(const std::string method, text_of(line, "method"));
  if (!method.empty()) out.method = method;
  SM_TRY_ASSIGN(out.url, text_of(line, "url"));
  if (out.url.empty()) return missing("a request has a \"url\"");
  SM_TRY(read_headers(line, out));
  return out;
}

}  // namespace sm::plan
