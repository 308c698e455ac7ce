// SPDX-License-Identifier: Apache-2.0
// What an HTTP route does besides forwarding: header operations, redirect, direct response,
// rewrite, mirror.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/read_http.h"
#include "config/scalars.h"

namespace sm::config {
namespace {

constexpr std::size_t kDirectBodyBytesMax = 1024 * 1024;  // Istio's limit of a direct response

// Istio lets `set`/`add` of the request name the authority (it rewrites the host); everything else
// may not touch it.
void check_header_name(const std::string& name, bool authority_allowed, const std::string& path,
                       Mark mark, Reporter& report) {
  const bool authority = name == ":authority" || equals_ignoring_case(name, "host");
  if (authority && authority_allowed) return;
  if (authority) {
    report.invalid(path, mark, fmt::format("\"{}\" cannot be changed here", name),
                   "use rewrite.authority");
  } else if (!is_header_name(name)) {
    report.invalid(path, mark, fmt::format("\"{}\" is no header name", name), "");
  }
}

void read_operations(const View& view, bool request, HeaderOperations& out, Reporter& report) {
  out.set = view.pairs("set");
  out.add = view.pairs("add");
  out.remove = view.texts("remove");
  const auto check = [&](const std::vector<std::pair<std::string, std::string>>& pairs,
                         std::string_view field) {
    for (const auto& [name, value] : pairs) {
      check_header_name(name, request, view.path(field), view.mark(field), report);
      if (!is_header_value(value)) {
        report.invalid(view.path(field), view.mark(field),
                       fmt::format("the value of {} has a line break", name), "");
      } else if (!is_header_template(value)) {
        report.invalid(view.path(field), view.mark(field),
                       fmt::format("a percent sign in the value of {} starts no command", name),
                       "write %% for a percent sign");
      }
    }
  };
  check(out.set, "set");
  check(out.add, "add");
  for (const std::string& name : out.remove) {
    check_header_name(name, false, view.path("remove"), view.mark("remove"), report);
  }
}

std::optional<double> read_percent(const View& owner, std::string_view field, Reporter& report) {
  const auto percent = owner.child(field);
  if (!percent) return std::nullopt;
  const double value = percent->number("value").value_or(0.0);
  if (value < 0.0 || value > 100.0) {
    report.invalid(percent->path("value"), percent->mark("value"),
                   fmt::format("{} is no percentage", value), "write a number from 0 to 100");
  } else if (value > 0.0 && value < 0.0001) {
    report.invalid(percent->path("value"), percent->mark("value"), "the percentage is too small",
                   "the smallest is 0.0001");
  }
  return std::clamp(value, 0.0, 100.0);
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

void read_headers(const View& owner, HeaderOperations& request, HeaderOperations& response,
                  Reporter& report) {
  const auto headers = owner.child("headers");
  if (!headers) return;
  if (const auto view = headers->child("request")) read_operations(*view, true, request, report);
  if (const auto view = headers->child("response")) read_operations(*view, false, response, report);
}

Redirect read_redirect(const View& view, Reporter& report) {
  Redirect out;
  out.uri = view.text("uri");
  // Envoy's own word for replacing the matched prefix (istio-behaviour.md 2.4) is kept for both
  // spellings.
  if (view.has("prefixRewrite")) {
    if (view.has("uri")) {
      report.invalid(view.path("prefixRewrite"), view.mark("prefixRewrite"),
                     "uri and prefixRewrite exclude each other", "keep one of them");
    }
    out.uri = "%PREFIX()%" + view.text("prefixRewrite");
  }
  out.authority = view.text("authority");
  out.scheme = view.text("scheme");
  out.derive_port = view.text("derivePort");
  out.port = read_port(view, "port", report);
  if (out.uri.empty() && out.authority.empty() && out.scheme.empty() && !view.has("port") &&
      !view.has("derivePort")) {
    report.invalid(view.path(), view.mark(), "a redirect has to change something",
                   "set uri, authority, scheme or port");
  }
  if (view.has("port") && view.has("derivePort")) {
    report.invalid(view.path("derivePort"), view.mark("derivePort"),
                   "port and derivePort exclude each other", "keep one of them");
  }
  constexpr std::array<std::int64_t, 6> kCodes = {0, 301, 302, 303, 307, 308};
  const std::int64_t code = view.integer("redirectCode").value_or(0);
  if (std::find(kCodes.begin(), kCodes.end(), code) == kCodes.end()) {
    report.invalid(view.path("redirectCode"), view.mark("redirectCode"),
                   fmt::format("{} is no redirect", code), "use 301, 302, 303, 307 or 308");
  } else if (code != 0) {
    out.code = static_cast<int>(code);
  }
  return out;
}

DirectResponse read_direct_response(const View& view, Reporter& report) {
  DirectResponse out;
  const auto status = view.integer("status");
  if (!status || *status < 200 || *status > 599) {
    report.invalid(view.path("status"), view.mark("status"),
                   "a direct response needs a status from 200 to 599", "");
  } else {
    out.status = static_cast<int>(*status);
  }
  if (const auto body = view.child("body")) {
    out.body = body->text("string");
    if (body->has("bytes")) {
      const auto decoded = decode_base64(body->text("bytes"));
      if (body->has("string")) {
        report.invalid(body->path(), body->mark(), "only one of string and bytes may be given",
                       "keep one of them");
      } else if (!decoded) {
        report.invalid(body->path("bytes"), body->mark("bytes"), "bytes is no base64", "");
      } else {
        out.body = *decoded;
      }
    }
    if (out.body.size() > kDirectBodyBytesMax) {
      report.invalid(body->path(), body->mark(), "the body is larger than 1 MiB",
                     "serve it by an application");
    }
  }
  return out;
}

HttpRewrite read_rewrite(const View& view, Reporter& report) {
  HttpRewrite out;
  out.uri = view.text("uri");
  out.has_uri = view.has("uri");
  out.authority = view.text("authority");
  if (const auto regex = view.child("uriRegexRewrite")) {
    out.regex_match = regex->text("match");
    out.regex_rewrite = regex->text("rewrite");
    if (out.has_uri) {
      report.invalid(view.path(), view.mark(), "uri and uriRegexRewrite exclude each other",
                     "keep one of them");
    }
    if (out.regex_match.empty()) {
      report.invalid(regex->path("match"), regex->mark("match"), "uriRegexRewrite needs a match",
                     "");
    } else if (const std::string problem = regex_problem(out.regex_match); !problem.empty()) {
      report.invalid(regex->path("match"), regex->mark("match"),
                     "the regular expression is not valid: " + problem, "write RE2 syntax");
    }
    if (!regex->has("rewrite")) {
      report.invalid(regex->path("rewrite"), regex->mark(), "uriRegexRewrite needs a rewrite", "");
    }
  } else if (out.uri.empty() && out.authority.empty()) {
    report.invalid(view.path(), view.mark(), "a rewrite has to change something",
                   "set uri, authority or uriRegexRewrite");
  }
  return out;
}

std::vector<Mirror> read_mirrors(const View& route, Reporter& report) {
  std::vector<Mirror> out;
  // mirrorPercentage wins over mirrorPercent; neither means everything, an explicit 0 nothing
  // (istio-behaviour.md 1.2).
  double percent = 100.0;
  if (const auto old = route.integer("mirrorPercent")) {
    if (*old > 100) {
      report.invalid(route.path("mirrorPercent"), route.mark("mirrorPercent"),
                     fmt::format("{} is no percentage", *old), "write a number from 0 to 100");
    }
    percent = static_cast<double>(std::min<std::int64_t>(*old, 100));
  }
  if (const auto given = read_percent(route, "mirrorPercentage", report)) percent = *given;
  if (const auto mirror = route.child("mirror")) {
    Destination destination = read_destination(*mirror, report);
    if (percent > 0.0) out.push_back(Mirror{std::move(destination), percent});
  }
  if (route.has("mirror") && route.size("mirrors") > 0) {
    report.invalid(route.path("mirrors"), route.mark("mirrors"),
                   "mirror and mirrors exclude each other", "keep mirrors");
  }
  for (const View& entry : route.list("mirrors")) {
    const double share = read_percent(entry, "percentage", report).value_or(100.0);
    if (const auto view = entry.child("destination")) {
      Destination destination = read_destination(*view, report);
      if (share > 0.0) out.push_back(Mirror{std::move(destination), share});
    } else {
      report.invalid(entry.path("destination"), entry.mark(), "a mirror needs a destination", "");
    }
  }
  return out;
}

void check_unapplied(const View& route, Reporter& report) {
  if (const auto fault = route.child("fault")) {
    if (!fault->has("delay") && !fault->has("abort")) {
      report.invalid(fault->path(), fault->mark(), "a fault needs a delay or an abort", "");
    }
    if (const auto delay = fault->child("delay")) {
      read_percent(*delay, "percentage", report);
      if (!delay->has("fixedDelay") && !delay->has("exponentialDelay")) {
        report.invalid(delay->path(), delay->mark(), "a delay needs fixedDelay",
                       "write fixedDelay: 5s");
      }
    }
    if (const auto abort = fault->child("abort")) {
      read_percent(*abort, "percentage", report);
      const auto status = abort->integer("httpStatus");
      if (status && (*status < 200 || *status > 599)) {
        report.invalid(abort->path("httpStatus"), abort->mark("httpStatus"),
                       fmt::format("{} is no status", *status), "write a status from 200 to 599");
      }
    }
  }
  if (const auto retries = route.child("retries")) {
    if (retries->integer("attempts").value_or(0) < 0) {
      report.invalid(retries->path("attempts"), retries->mark("attempts"),
                     "attempts cannot be negative", "0 disables retries");
    }
  }
}

}  // namespace sm::config
