// SPDX-License-Identifier: Apache-2.0
#include "http/path.h"
#include "plan/route.h"

namespace sm::plan {

namespace {

// The request's host. Its port goes when the redirect brings one of its own, and when it is the
// default of the request's scheme and the scheme changes.
std::string_view kept_host(const http::RequestHead& head, std::string_view new_scheme,
                           bool has_new_port) {
  const std::string_view authority = head.authority;
  const std::string_view host = host_without_port(authority);
  const std::string_view port = authority.substr(host.size());
  bool drop = has_new_port;
  const std::string_view old_scheme = head.headers.get("x-forwarded-proto").value_or(head.scheme);
  if (new_scheme != old_scheme) {
    drop = drop || (old_scheme == "https" && port == ":443") ||
           (old_scheme == "http" && port == ":80");
  }
  return drop ? host : authority;
}

std::string new_path(const Redirect& redirect, std::string_view path) {
  const std::string_view bare = http::path_without_query(path);
  const std::string_view query = path.substr(bare.size());
  if (redirect.replaces_prefix) {
    std::string out = redirect.path;
    if (bare.size() > redirect.prefix.size()) out.append(bare.substr(redirect.prefix.size()));
    return out.append(query);
  }
  if (redirect.path.empty()) return std::string(path);
  if (redirect.path.find('?') != std::string::npos) return redirect.path;
  return redirect.path + std::string(query);
}

}  // namespace

std::string redirect_location(const Redirect& redirect, const http::RequestHead& head) {
  std::string_view scheme = redirect.scheme;
  if (scheme.empty()) scheme = head.headers.get("x-forwarded-proto").value_or(head.scheme);
  std::string out(scheme);
  out += "://";
  out += redirect.authority.empty() ? kept_host(head, scheme, redirect.port.has_value())
                                    : std::string_view(redirect.authority);
  if (redirect.port) out += ":" + std::to_string(*redirect.port);
  return out + new_path(redirect, head.path);
}

}  // namespace sm::plan
