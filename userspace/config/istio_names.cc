// SPDX-License-Identifier: Apache-2.0
#include "config/istio_names.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ip.h"
#include "base/text.h"

namespace sm::config {
namespace {

constexpr std::size_t kLabelBytesMax = 63;
constexpr std::size_t kHostBytesMax = 255;
constexpr std::size_t kLabelPrefixBytesMax = 253;
constexpr std::string_view kClaims = "@request.auth.claims";
constexpr std::string_view kOutbound = "outbound_";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || is_digit(c); }

// Letters and digits at both ends, `middle` in between; of any length.
bool is_word_with(std::string_view text, std::string_view middle) {
  return !text.empty() && is_word(text.front()) && is_word(text.back()) &&
         std::all_of(text.begin(), text.end(), [middle](char c) {
           return is_word(c) || middle.find(c) != std::string_view::npos;
         });
}

// Go's Atoi takes a sign.
bool is_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Labels between dots; the last one may be empty.
bool are_labels(std::string_view text) {
  const std::size_t last_dot = text.rfind('.');
  if (is_number(last_dot == std::string_view::npos ? text : text.substr(last_dot + 1)))
    return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    const bool last = dot == std::string_view::npos;
    if (last && text.empty()) return true;
    if (!is_istio_label(text.substr(0, dot))) return false;
    if (last) return true;
    text.remove_prefix(dot + 1);
  }
}

bool has_host_length(std::string_view text) {
  return !text.empty() && text.size() <= kHostBytesMax;
}

bool is_wildcard_label(std::string_view label) {
  if (label.size() > kLabelBytesMax) return false;
  if (label == "*") return true;
  if (label.starts_with("*-")) return is_word_with(label.substr(2), "-");
  if (label.starts_with("*")) label.remove_prefix(1);
  return is_word_with(label, "-");
}

bool is_wild(std::string_view host) { return !host.empty() && host.front() == '*'; }

// Where a value of a header operation stands while it is read: a table of Envoy's header parser.
enum class HeaderState : std::uint8_t {
  kLiteral,
  kCommand,   // the name after a %
  kArray,     // after "("
  kEntry,     // a quoted string is expected
  kString,    // inside an argument
  kEntryEnd,  // "," or "]"
  kArrayEnd,  // ")"
  kEnd,       // "%"
  kWrong
};

HeaderState next(HeaderState state, char c) {
  const bool blank = c == ' ';
  switch (state) {
    case HeaderState::kLiteral:
      return c == '%' ? HeaderState::kCommand : state;
    case HeaderState::kCommand:
      return c == '%' ? HeaderState::kLiteral : c == '(' ? HeaderState::kArray : state;
    case HeaderState::kArray:
      return c == '[' ? HeaderState::kEntry : blank ? state : HeaderState::kString;
    case HeaderState::kEntry:
      return c == '"' ? HeaderState::kString : blank ? state : HeaderState::kWrong;
    case HeaderState::kString:
      return c == ')' ? HeaderState::kEnd : c == '"' ? HeaderState::kEntryEnd : state;
    case HeaderState::kEntryEnd:
      return c == ','   ? HeaderState::kEntry
             : c == ']' ? HeaderState::kArrayEnd
             : blank    ? state
                        : HeaderState::kWrong;
    case HeaderState::kArrayEnd:
      return c == ')' ? HeaderState::kEnd : blank ? state : HeaderState::kWrong;
    case HeaderState::kEnd:
      return c == '%' ? HeaderState::kLiteral : blank ? state : HeaderState::kWrong;
    case HeaderState::kWrong:
      break;
  }
  return HeaderState::kWrong;
}

}  // namespace

bool is_istio_label(std::string_view text) {
  return text.size() <= kLabelBytesMax && is_word_with(text, "-");
}

bool is_fqdn(std::string_view text) { return has_host_length(text) && are_labels(text); }

bool is_wildcard_domain(std::string_view text) {
  if (!has_host_length(text)) return false;
  const std::size_t dot = text.find('.');
  if (!is_wildcard_label(text.substr(0, dot))) return false;
  return dot == std::string_view::npos || are_labels(text.substr(dot + 1));
}

bool is_partial_wildcard(std::string_view host) {
  return host.find('*') != std::string_view::npos && host.size() != 1 && !host.starts_with("*.");
}

bool is_generated_sni(std::string_view text) {
  if (!has_host_length(text) || !text.starts_with(kOutbound)) return false;
  // outbound_ PORT _ SUBSET _ HOST, with dots around each part.
  std::array<std::string_view, 4> parts;
  for (std::string_view& part : parts) {
    const std::size_t end = text.find('_');
    part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return std::any_of(parts[1].begin(), parts[1].end(), is_digit) &&
         std::any_of(parts[3].begin(), parts[3].end(), is_letter);
}

bool hosts_overlap(std::string_view a, std::string_view b) {
  if (is_wild(a) && is_wild(b)) {
    return a.size() < b.size() ? b.substr(1).ends_with(a.substr(1))
                               : a.substr(1).ends_with(b.substr(1));
  }
  if (is_wild(a)) return b.ends_with(a.substr(1));
  if (is_wild(b)) return a.ends_with(b.substr(1));
  return a == b;
}

bool host_covers(std::string_view wide, std::string_view narrow) {
  if (!is_wild(wide)) return wide == narrow;
  if (is_wild(narrow)) {
    return narrow.size() >= wide.size() && narrow.substr(1).ends_with(wide.substr(1));
  }
  return narrow.ends_with(wide.substr(1));
}

bool is_istio_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    std::string_view prefix = text.substr(0, slash);
    if (prefix.size() > kLabelPrefixBytesMax) return false;
    for (bool more = true; more;) {
      const std::size_t dot = prefix.find('.');
      if (!is_word_with(prefix.substr(0, dot), "-")) return false;
      more = dot != std::string_view::npos;
      if (more) prefix.remove_prefix(dot + 1);
    }
    text.remove_prefix(slash + 1);
  }
  return text.size() <= kLabelBytesMax && is_word_with(text, "-_.");
}

bool is_istio_label_value(std::string_view text) {
  return text.empty() || is_word_with(text, "-_.");
}

bool is_ip_or_subnet(std::string_view text) { return Cidr::parse(text).has_value(); }

bool is_unix_path(std::string_view text) {
  if (text.starts_with('@')) return true;
  return text.starts_with('/') && !text.ends_with('/');
}

bool is_jwt_claim(std::string_view text) {
  if (!starts_with_ignoring_case(text, kClaims)) return false;
  const std::string_view claim = text.substr(kClaims.size());
  return (claim.size() > 1 && claim.front() == '.') ||
         (claim.size() > 2 && claim.front() == '[' && claim.back() == ']');
}

bool is_pseudo_header(std::string_view text) {
  return text == ":method" || text == ":scheme" || text == ":authority" || text == ":path" ||
         text == ":status";
}

std::string header_value_problem(std::string_view text) {
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  };
  if (std::any_of(text.begin(), text.end(), is_control)) return "it has a control character";
  HeaderState state = HeaderState::kLiteral;
  for (std::size_t i = 0; i < text.size() && state != HeaderState::kWrong; ++i) {
    const bool last = i + 1 == text.size();
    const bool doubled =
        state == HeaderState::kLiteral && text[i] == '%' && !last && text[i + 1] == '%';
    const bool escaped = state == HeaderState::kString && text[i] == '\\';
    if (escaped && last) return "a backslash at its end escapes nothing";
    if (doubled || escaped) {
      ++i;
    } else {
      state = next(state, text[i]);
    }
  }
  if (state == HeaderState::kLiteral) return {};
  return state == HeaderState::kWrong ? "the arguments of a command are malformed"
                                      : "a percent sign opens a command that does not end";
}

Protocol protocol_of(std::string_view text) {
  const std::string name = to_lower(text);
  Protocol out;
  out.http = name == "http" || name == "http2" || name == "http_proxy" || name == "grpc" ||
             name == "grpc-web";
  out.tls = name == "https" || name == "tls";
  out.tcp = out.tls || name == "tcp" || name == "mongo" || name == "redis" || name == "mysql";
  out.known = out.http || out.tcp || name == "udp";
  return out;
}

}  // namespace sm::config
