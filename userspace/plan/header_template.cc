// SPDX-License-Identifier: Apache-2.0
#include "plan/header_template.h"

#include <algorithm>

#include "base/text.h"

namespace sm::plan {

HeaderTemplate::HeaderTemplate(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t percent = text.find('%', at);
    if (percent == std::string_view::npos) break;
    add_text(text.substr(at, percent - at));
    const std::size_t end = text.find('%', percent + 1);
    if (end == std::string_view::npos) {
      at = percent;
      break;
    }
    if (end == percent + 1) {
      add_text("%");
      at = end + 1;
    } else if (add_command(text.substr(percent + 1, end - percent - 1))) {
      at = end + 1;
    } else {
      // Not a command: its closing sign may open the next one.
      add_text(text.substr(percent, end - percent));
      at = end;
    }
  }
  add_text(text.substr(std::min(at, text.size())));
}

void HeaderTemplate::add_text(std::string_view text) {
  if (text.empty()) return;
  if (!x_pieces.empty() && x_pieces.back().part == Part::kText) {
    x_pieces.back().text.append(text);
    return;
  }
  Piece piece;
  piece.text = text;
  x_pieces.push_back(std::move(piece));
}

bool HeaderTemplate::add_command(std::string_view command) {
  Piece piece;
  if (command == "DOWNSTREAM_REMOTE_ADDRESS") {
    piece.part = Part::kRemoteAddress;
  } else if (command == "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT") {
    piece.part = Part::kRemoteIp;
  } else if (command == "DOWNSTREAM_LOCAL_ADDRESS") {
    piece.part = Part::kLocalAddress;
  } else if (command == "PROTOCOL") {
    piece.part = Part::kProtocol;
  } else if (command.starts_with("REQ(")) {
    const std::size_t close = command.find(')');
    if (close == std::string_view::npos) return false;
    const std::string_view names = command.substr(4, close - 4);
    const std::string_view rest = command.substr(close + 1);
    if (!rest.empty()) {
      const auto length =
          rest.front() == ':' ? parse_decimal(rest.substr(1), SIZE_MAX) : std::nullopt;
      if (!length) return false;
      piece.length_max = *length;
    }
    const std::size_t question = names.find('?');
    piece.part = Part::kRequestHeader;
    piece.text = to_lower(names.substr(0, question));
    if (question != std::string_view::npos)
      piece.alternative = to_lower(names.substr(question + 1));
    if (piece.text.empty()) return false;
  } else {
    return false;
  }
  x_pieces.push_back(std::move(piece));
  return true;
}

void HeaderTemplate::append_to(std::string& out, const http::RequestHead& request,
                               const StreamFacts& facts) const {
  for (const Piece& piece : x_pieces) {
    switch (piece.part) {
      case Part::kText:
        out.append(piece.text);
        break;
      case Part::kRemoteAddress:
        out.append(facts.downstream_remote.to_string());
        break;
      case Part::kRemoteIp:
        out.append(facts.downstream_remote.ip.to_string());
        break;
      case Part::kLocalAddress:
        out.append(facts.downstream_local.to_string());
        break;
      case Part::kProtocol:
        out.append("HTTP/1.1");
        break;
      case Part::kRequestHeader: {
        std::string_view value;
        const bool found =
            request_value(request, piece.text, value) ||
            (!piece.alternative.empty() && request_value(request, piece.alternative, value));
        if (found) out.append(value.substr(0, piece.length_max));
        break;
      }
    }
  }
}

bool request_value(const http::RequestHead& request, std::string_view name,
                   std::string_view& value) {
  if (name == ":path") {
    value = request.path;
  } else if (name == ":authority" || name == "host") {
    value = request.authority;
  } else if (name == ":method") {
    value = request.method;
  } else if (name == ":scheme") {
    value = request.scheme;
  } else {
    const auto header = request.headers.get(name);
    if (!header) return false;
    value = *header;
  }
  return true;
}

}  // namespace sm::plan
