// SPDX-License-Identifier: Apache-2.0
// LoggedHeaders: the headers that an access-log format may name: all of the request, and those of
// the answer that the format in force names, copied because the answer's head is sent on and
// forgotten. Part of a Stream, on its worker's thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "telemetry/access_record.h"

namespace sm::proxy {

class LoggedHeaders final : public telemetry::HeaderLookup {
 public:
  // `request` outlives this.
  explicit LoggedHeaders(const http::Headers& request) : x_request(request) {}

  void keep(const http::Headers& answer, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const auto value = answer.get(name);
      if (value) x_answer.emplace_back(name, *value);
    }
  }
  std::string_view request_header(std::string_view name) const override {
    return x_request.get(name).value_or("");
  }
  std::string_view response_header(std::string_view name) const override {
    for (const auto& [key, value] : x_answer) {
      if (key == name) return value;
    }
    return {};
  }

 private:
  const http::Headers& x_request;
  std::vector<std::pair<std::string, std::string>> x_answer;
};

}  // namespace sm::proxy
