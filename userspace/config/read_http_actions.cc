// SPDX-License-Identifier: Apache-2.0
// What an HTTP route does besides forwarding: header operations, redirect, direct response,
// rewrite, mirror.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/read_http.h"
#include "config/scalars.h"

namespace sm::config {
namespace {

constexpr std::int64_t kStatusMax = 599;

HeaderOperations read_operations(const View& view) {
  return {view.pairs("set"), view.pairs("add"), view.texts("remove")};
}

std::optional<double> read_percent(const View& owner, std::string_view field) {
  const auto percent = owner.child(field);
  if (!percent) return std::nullopt;
  return std::clamp(percent->number("value").value_or(0.0), 0.0, 100.0);
}

// RFC 4648 with padding, as protobuf's JSON has bytes (either alphabet). nullopt when it is not.
std::optional<std::string> decode_base64(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string out;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z')
      value = static_cast<unsigned>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      value = static_cast<unsigned>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      value = static_cast<unsigned>(c - '0') + 52;
    else if (c == '+' || c == '-')
      value = 62;
    else if (c == '/' || c == '_')
      value = 63;
    else
      return std::nullopt;
    bits = ((bits << 6) | value) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  return out;
}

}  // namespace

void read_headers(const View& owner, HeaderOperations& request, HeaderOperations& response) {
  const auto headers = owner.child("headers");
  if (!headers) return;
  if (const auto view = headers->child("request")) request = read_operations(*view);
  if (const auto view = headers->child("response")) response = read_operations(*view);
}

Redirect read_redirect(const View& view, Reporter& report) {
  Redirect out;
  out.uri = view.text("uri");
  // Envoy's own word for replacing the matched prefix (istio-behaviour.md 2.4) is kept for both
  // spellings.
  if (view.has("prefixRewrite")) out.uri = "%PREFIX()%" + view.text("prefixRewrite");
  out.authority = view.text("authority");
  out.scheme = view.text("scheme");
  out.derive_port = view.text("derivePort");
  out.port = read_port(view, "port");
  constexpr std::array<std::int64_t, 6> kCodes = {0, 301, 302, 303, 307, 308};
  const std::int64_t code = view.integer("redirectCode").value_or(0);
  if (std::find(kCodes.begin(), kCodes.end(), code) == kCodes.end()) {
    report.not_applied(view.path("redirectCode"), view.mark("redirectCode"),
                       fmt::format("the redirect code {} is not used, 301 is sent", code),
                       "use 301, 302, 303, 307 or 308");
  } else if (code != 0) {
    out.code = static_cast<int>(code);
  }
  return out;
}

DirectResponse read_direct_response(const View& view, Reporter& report) {
  DirectResponse out;
  const std::int64_t status = view.integer("status").value_or(200);
  if (status > kStatusMax) {
    // Istio's webhook takes 600; Envoy does not.
    report.unsupported(view.path("status"), view.mark("status"),
                       fmt::format("{} is no status that can be sent", status),
                       "write a status from 200 to 599");
  }
  out.status = static_cast<int>(std::clamp<std::int64_t>(status, 200, kStatusMax));
  if (const auto body = view.child("body")) {
    out.body = body->text("string");
    if (body->has("bytes")) {
      const auto decoded = decode_base64(body->text("bytes"));
      if (!decoded) {
        report.invalid(body->path("bytes"), body->mark("bytes"), "bytes is no base64",
                       "encode the body, or write string");
      } else {
        out.body = *decoded;
      }
    }
  }
  return out;
}

HttpRewrite read_rewrite(const View& view) {
  HttpRewrite out;
  out.uri = view.text("uri");
  out.has_uri = !out.uri.empty();
  out.authority = view.text("authority");
  if (const auto regex = view.child("uriRegexRewrite")) {
    out.regex_match = regex->text("match");
    out.regex_rewrite = regex->text("rewrite");
  }
  return out;
}

std::vector<Mirror> read_mirrors(const View& route) {
  std::vector<Mirror> out;
  // mirrorPercentage wins over mirrorPercent; neither means everything, an explicit 0 nothing
  // (istio-behaviour.md 1.2).
  double percent = 100.0;
  if (const auto old = route.integer("mirrorPercent")) {
    percent = static_cast<double>(std::min<std::int64_t>(*old, 100));
  }
  if (const auto given = read_percent(route, "mirrorPercentage")) percent = *given;
  if (const auto mirror = route.child("mirror")) {
    if (percent > 0.0) out.push_back(Mirror{read_destination(*mirror), percent});
  }
  for (const View& entry : route.list("mirrors")) {
    const double share = read_percent(entry, "percentage").value_or(100.0);
    const auto view = entry.child("destination");
    if (view && share > 0.0) out.push_back(Mirror{read_destination(*view), share});
  }
  return out;
}

}  // namespace sm::config
