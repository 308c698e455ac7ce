// SPDX-License-Identifier: Apache-2.0
// Header operations, rewrites and redirects on requests and responses.
#include "plan/actions.h"

#include <doctest/doctest.h>

#include "support/plan_world.h"

namespace sm::plan {

namespace {

const StreamFacts kFacts{address("10.0.0.1:5000"), address("10.0.0.2:80")};

std::string value_of(std::string_view pattern, const http::RequestHead& head) {
  std::string out;
  HeaderTemplate(pattern).append_to(out, head, kFacts);
  return out;
}

std::string header(const http::RequestHead& head, std::string_view name) {
  std::string out;
  for (const std::string_view value : head.headers.get_all(name)) {
    if (!out.empty()) out += "|";
    out += value;
  }
  return out;
}

Route single_route() {
  Route out;
  out.destinations.emplace_back();
  return out;
}

}  // namespace

TEST_CASE("header template: substitutes what it knows and leaves the rest as it is") {
  const http::RequestHead head = request("shop:8080", "/p?q=1", {{"x-a", "abcdef"}});
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"plain", "plain"},
      {"%DOWNSTREAM_REMOTE_ADDRESS%", "10.0.0.1:5000"},
      {"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.1"},
      {"%DOWNSTREAM_LOCAL_ADDRESS%", "10.0.0.2:80"},
      {"%PROTOCOL%", "HTTP/1.1"},
      {"[%REQ(X-A)%]", "[abcdef]"},
      {"%REQ(x-a):3%", "abc"},
      {"%REQ(x-b?x-a)%", "abcdef"},
      {"%REQ(x-b?:path):2%", "/p"},
      {"%REQ(:authority)%", "shop:8080"},
      {"%REQ(:METHOD)%", "GET"},
      {"<%REQ(x-b)%>", "<>"},
      {"100%%", "100%"},
      {"a%%b%PROTOCOL%%%", "a%bHTTP/1.1%"},
      {"%HOSTNAME%", "%HOSTNAME%"},
      {"%UNKNOWN%PROTOCOL%", "%UNKNOWNHTTP/1.1"},
      {"50% of it", "50% of it"},
      {"%REQ(x-a%", "%REQ(x-a%"},
      {"%REQ(x-a):z%", "%REQ(x-a):z%"},
      {"", ""}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(value_of(row.first, head) == row.second);
  }
}

TEST_CASE("header rules: remove, then set, then add, with values of the request as it was") {
  http::RequestHead head =
      request("h", "/", {{"x-a", "1"}, {"x-b", "2"}, {"x-c", "3"}, {"x-c", "4"}});
  Route route = single_route();
  route.request_headers.set("x-a", "was-%REQ(x-a)%");
  route.request_headers.add("x-a", "added-%REQ(x-a)%");
  route.request_headers.remove("X-B");
  route.request_headers.set("x-b", "back");
  route.request_headers.set("X-C", "one");
  route.request_headers.add("x-empty", "%REQ(absent)%");
  apply_to_request(route, route.destinations.front(), head, kFacts);
  CHECK(header(head, "x-a") == "was-1|added-1");
  CHECK(header(head, "x-b") == "back");
  CHECK(header(head, "x-c") == "one");
  CHECK_FALSE(head.headers.has("x-empty"));
}

TEST_CASE("header rules: an only destination goes after the route, one of several before it") {
  const auto run = [](std::size_t destinations) {
    http::RequestHead head = request("h", "/");
    Route route;
    route.destinations.resize(destinations);
    route.request_headers.set("x", "route");
    route.response_headers.set("x", "route");
    route.destinations.front().request_headers.set("x", "destination");
    route.destinations.front().response_headers.set("x", "destination");
    http::ResponseHead response;
    apply_to_request(route, route.destinations.front(), head, kFacts);
    apply_to_response(route, &route.destinations.front(), head, response, kFacts);
    return header(head, "x") + "," + std::string(response.headers.get("x").value_or(""));
  };
  CHECK(run(1) == "destination,destination");
  CHECK(run(2) == "route,route");
}

TEST_CASE("header rules: a response without a destination gets the route's operations") {
  Route route;
  route.response_headers.set("x-route", "%REQ(:path)%");
  route.response_headers.remove("server");
  http::ResponseHead response;
  response.headers.add("server", "app");
  apply_to_response(route, nullptr, request("h", "/p"), response, kFacts);
  CHECK(response.headers.get("x-route").value_or("") == "/p");
  CHECK_FALSE(response.headers.has("server"));
}

TEST_CASE("rewrite: host and path change after the header operations, and leave what they were") {
  http::RequestHead head = request("shop", "/foo/bar?q=1");
  Route route = single_route();
  route.request_headers.set("x-path", "%REQ(:path)%");
  route.rewrite = {Rewrite::Kind::kPrefix, "/foo", "/", nullptr, "other"};
  apply_to_request(route, route.destinations.front(), head, kFacts);
  CHECK(head.path == "//bar?q=1");
  CHECK(head.authority == "other");
  CHECK(header(head, "x-path") == "/foo/bar?q=1");
  CHECK(header(head, "x-envoy-original-path") == "/foo/bar?q=1");
  CHECK(header(head, "x-envoy-original-host") == "shop");

  http::RequestHead again = request("shop", "/");
  route.destinations.front().authority = "destination";
  apply_to_request(route, route.destinations.front(), again, kFacts);
  CHECK(again.authority == "other");
  route.rewrite.authority.clear();
  apply_to_request(route, route.destinations.front(), again, kFacts);
  CHECK(again.authority == "destination");

  http::RequestHead plain = request("shop", "/x");
  const Route nothing = single_route();
  apply_to_request(nothing, nothing.destinations.front(), plain, kFacts);
  CHECK(plain.headers.empty());
}

TEST_CASE(
    "rewrite: of a prefix textually, of anything else the whole path, of an expression every "
    "occurrence") {
  struct Row {
    std::optional<config::StringMatch> uri;
    std::string rewrite;
    std::string path;
    std::string expected;
  };
  const std::vector<Row> rows = {{prefix("/foo/"), "/", "/foo/bar?x", "/bar?x"},
                                 {prefix("/foo"), "/", "/foo/bar", "//bar"},
                                 {prefix("/foo"), "/new", "/foobar", "/newbar"},
                                 {prefix("/foo"), "/new", "/foo?a=/foo", "/new?a=/foo"},
                                 {exact("/foo"), "/new", "/foo?q", "/new?q"},
                                 {regex("/v[0-9]"), "/new", "/v1?q", "/new?q"},
                                 {std::nullopt, "/v1/", "/api", "/v1/api"},
                                 {std::nullopt, "", "/api", "/api"}};
  RegexCache cache;
  for (const Row& row : rows) {
    config::HttpMatch match;
    match.uri = row.uri;
    config::HttpRewrite from;
    from.has_uri = true;
    from.uri = row.rewrite;
    CAPTURE(row.path);
    CAPTURE(row.expected);
    CHECK(rewritten_path(make_rewrite(from, &match, cache), row.path) == row.expected);
  }
  config::HttpRewrite from;
  from.regex_match = "/api/([a-z]+)";
  from.regex_rewrite = "/\\1/x";
  CHECK(rewritten_path(make_rewrite(from, nullptr, cache), "/api/a/api/b?q=/api/c") ==
        "/a/x/b/x?q=/api/c");
  from.regex_rewrite = "/\\2";  // there is no such group
  CHECK(make_rewrite(from, nullptr, cache).kind == Rewrite::Kind::kNone);
}

TEST_CASE("redirect: the location as Envoy makes it") {
  struct Row {
    std::string what;
    config::Redirect from;
    std::string authority;
    std::string path;
    std::string expected;
  };
  const auto make = [](std::string uri, std::string authority = "", std::string scheme = "",
                       std::optional<std::uint16_t> port = std::nullopt) {
    config::Redirect out;
    out.uri = std::move(uri);
    out.authority = std::move(authority);
    out.scheme = std::move(scheme);
    out.port = port;
    return out;
  };
  config::Redirect from_request_port = make("");
  from_request_port.derive_port = "FROM_REQUEST_PORT";
  config::Redirect from_default_port = make("", "", "https");
  from_default_port.derive_port = "FROM_PROTOCOL_DEFAULT";
  const std::vector<Row> rows = {
      {"whole path, query kept", make("/new"), "h", "/old?q=1", "http://h/new?q=1"},
      {"a query of its own", make("/new?x=2"), "h", "/old?q=1", "http://h/new?x=2"},
      {"host", make("", "other"), "h:8080", "/old", "http://other/old"},
      {"the request's port stays", make("/new"), "h:8080", "/", "http://h:8080/new"},
      {"default port goes with the scheme", make("", "", "https"), "h:80", "/a", "https://h/a"},
      {"another port stays with the scheme", make("", "", "https"), "h:8080", "/a",
       "https://h:8080/a"},
      {"explicit port", make("", "", "", 8443), "h:80", "/a", "http://h:8443/a"},
      {"default port is left out", make("", "o", "https", 443), "h", "/a", "https://o/a"},
      {"80 with http is left out", make("", "o", "", 80), "h", "/a", "http://o/a"},
      {"prefix", make("%PREFIX()%/new"), "h", "/old/x?q=1", "http://h/new/x?q=1"},
      {"port of the request", from_request_port, "h", "/", "http://h:8000/"},
      {"port of the scheme", from_default_port, "h:80", "/", "https://h/"},
  };
  config::HttpMatch match;
  match.uri = prefix("/old");
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(redirect_location(make_redirect(row.from, &match, 8000),
                            request(row.authority, row.path)) == row.expected);
  }
  const http::RequestHead forwarded = request("h", "/", {{"x-forwarded-proto", "https"}});
  CHECK(redirect_location(make_redirect(make("/new"), nullptr, 80), forwarded) == "https://h/new");
}

TEST_CASE("actions: percentages become parts of a million") {
  CHECK(per_million(100) == 1'000'000);
  CHECK(per_million(0) == 0);
  CHECK(per_million(0.0001) == 1);
  CHECK(per_million(12.5) == 125'000);
  CHECK(per_million(250) == 1'000'000);
  CHECK(per_million(-1) == 0);
}

}  // namespace sm::plan
