// SPDX-License-Identifier: Apache-2.0
#include "plan/matches.h"

#include <doctest/doctest.h>

#include "support/plan_world.h"

namespace sm::plan {

namespace {

RequestMatcher compiled(const config::HttpMatch& match) {
  RegexCache cache;
  std::string bad;
  RequestMatcher out = compile_match(match, cache, bad);
  CHECK(bad.empty());
  return out;
}

bool matches(const config::HttpMatch& match, const http::RequestHead& head) {
  return compiled(match).matches(RequestView::of(head, 80, nullptr));
}

std::string because(const config::HttpMatch& match, const http::RequestHead& head) {
  std::string out;
  compiled(match).matches(RequestView::of(head, 80, nullptr), &out);
  return out;
}

config::HttpMatch uri(config::StringMatch value, bool ignore_case = false) {
  config::HttpMatch out;
  out.uri = std::move(value);
  out.ignore_uri_case = ignore_case;
  return out;
}

}  // namespace

TEST_CASE(
    "matcher: uri is compared without the query, prefixes byte by byte, expressions as a whole") {
  struct Row {
    config::HttpMatch match;
    std::string path;
    bool expected;
  };
  const std::vector<Row> rows = {
      {uri(exact("/foo")), "/foo", true},        {uri(exact("/foo")), "/foo?x=1", true},
      {uri(exact("/foo")), "/foo/", false},      {uri(exact("/foo")), "/FOO", false},
      {uri(exact("/foo"), true), "/FOO", true},  {uri(prefix("/foo")), "/foobar", true},
      {uri(prefix("/foo")), "/fo", false},       {uri(prefix("/Foo"), true), "/fOObar", true},
      {uri(prefix("/kiali/")), "/kiali", false}, {uri(regex("/v[0-9]+/.*")), "/v12/x", true},
      {uri(regex("/v[0-9]+")), "/v12/x", false}, {uri(regex("/foo"), true), "/FOO", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CAPTURE(compiled(row.match).describe());
    CHECK(matches(row.match, request("h", row.path)) == row.expected);
  }
}

TEST_CASE(
    "matcher: method, authority and scheme are compared as they came, port and case included") {
  config::HttpMatch match;
  match.method = exact("GET");
  match.authority = exact("shop.example:8080");
  match.scheme = exact("http");
  CHECK(matches(match, request("shop.example:8080", "/")));
  CHECK_FALSE(matches(match, request("shop.example", "/")));
  CHECK_FALSE(matches(match, request("Shop.example:8080", "/")));
  CHECK_FALSE(matches(match, request("shop.example:8080", "/", {}, "POST")));
}

TEST_CASE("matcher: headers by value, presence, expression and any of several lines") {
  config::HttpMatch match;
  match.headers = {{"user-agent", regex(".*Firefox.*")}};
  CHECK(matches(match, request("h", "/", {{"User-Agent", "Mozilla/5.0 Firefox/120.0"}})));
  CHECK_FALSE(matches(match, request("h", "/", {{"User-Agent", "curl/8"}})));
  CHECK_FALSE(matches(match, request("h", "/")));

  for (const config::StringMatch& present : {config::StringMatch{}, regex("*")}) {
    match.headers = {{"x-a", present}};
    CHECK(matches(match, request("h", "/", {{"x-a", ""}})));
    CHECK_FALSE(matches(match, request("h", "/")));
  }
  match.headers = {{"x-a", exact("2")}};
  CHECK(matches(match, request("h", "/", {{"x-a", "1"}, {"x-a", "2"}})));
  CHECK_FALSE(matches(match, request("h", "/", {{"x-a", "1"}, {"x-a", "12"}})));
  // These names are fields of their own and say nothing among the headers.
  match.headers = {{"uri", exact("/nowhere")}, {"method", exact("PUT")}};
  CHECK(compiled(match).matches_all());
  // The authority stands in the request line, whatever Host field came with it.
  match.headers = {{"host", exact("h")}};
  CHECK(matches(match, request("h", "/", {{"host", "other"}})));
}

TEST_CASE(
    "matcher: withoutHeaders passes absent headers, unless the matcher accepts an empty value") {
  config::HttpMatch match;
  const auto with = [](const std::string& value) { return request("h", "/", {{"x-a", value}}); };
  match.without_headers = {{"x-a", exact("1")}};
  CHECK(matches(match, request("h", "/")));
  CHECK(matches(match, with("2")));
  CHECK_FALSE(matches(match, with("1")));
  match.without_headers = {{"x-a", config::StringMatch{}}};
  CHECK(matches(match, request("h", "/")));
  CHECK_FALSE(matches(match, with("")));
  match.without_headers = {{"x-a", regex(".*")}};
  CHECK_FALSE(matches(match, request("h", "/")));
  match.without_headers = {{"x-a", prefix("")}};
  CHECK_FALSE(matches(match, request("h", "/")));
}

TEST_CASE("matcher: query parameters by their first occurrence, not decoded") {
  config::HttpMatch match;
  match.query_params = {{"v", exact("a b")}};
  CHECK_FALSE(matches(match, request("h", "/?v=a%20b")));
  match.query_params = {{"v", exact("1")}};
  CHECK(matches(match, request("h", "/?x=2&v=1&v=2")));
  CHECK_FALSE(matches(match, request("h", "/?v=2&v=1")));
  CHECK_FALSE(matches(match, request("h", "/?V=1")));
  CHECK_FALSE(matches(match, request("h", "/v=1")));
  match.query_params = {{"v", config::StringMatch{}}};
  CHECK(matches(match, request("h", "/?v")));
  CHECK_FALSE(matches(match, request("h", "/?vv=1")));
  match.query_params = {{"v", regex("[0-9]+")}};
  CHECK(matches(match, request("h", "/?v=12")));
  CHECK_FALSE(matches(match, request("h", "/?v=12a")));
}

TEST_CASE("matcher: the client's labels and namespace, which gateways in the match switch off") {
  Workload client;
  client.namespace_ = "shop";
  client.labels = {{"app", "web"}, {"tier", "front"}};
  const auto passes = [&client](const config::HttpMatch& match) {
    const http::RequestHead head = request("h", "/");
    return compiled(match).matches(RequestView::of(head, 80, &client));
  };
  config::HttpMatch match;
  match.source_labels = {{"app", "web"}};
  match.source_namespace = "shop";
  CHECK(passes(match));
  match.source_labels = {{"app", "cart"}};
  CHECK_FALSE(passes(match));
  match.gateways = {"mesh"};
  CHECK(passes(match));
  match = {};
  match.source_namespace = "other";
  CHECK_FALSE(passes(match));
  // At a gateway there is no client of the mesh.
  CHECK(matches(match, request("h", "/")));
}

TEST_CASE("matcher: says which condition failed and describes itself") {
  config::HttpMatch match = uri(prefix("/foo"));
  match.headers = {{"user-agent", regex(".*Firefox.*")}};
  CHECK(compiled(match).describe() == "prefix /foo, header user-agent regex .*Firefox.*");
  CHECK(compiled({}).describe() == "/*");
  CHECK(because(match, request("h", "/bar")) == "uri /bar is not prefix /foo");
  CHECK(because(match, request("h", "/foo")) == "header user-agent is absent");
  CHECK(because(match, request("h", "/foo", {{"user-agent", "curl"}})) ==
        "header user-agent is not regex .*Firefox.*");
  match = {};
  match.query_params = {{"a", exact("1")}};
  CHECK(because(match, request("h", "/")) == "query parameter a is absent");
  match = {};
  match.without_headers = {{"x", exact("1")}};
  CHECK(because(match, request("h", "/", {{"x", "1"}})).find("withoutHeaders") !=
        std::string::npos);
}

TEST_CASE("matcher: only a match that takes every request is unconditional") {
  CHECK(compiled({}).matches_all());
  CHECK(compiled(uri(prefix("/"))).matches_all());
  CHECK_FALSE(compiled(uri(prefix("/a"))).matches_all());
  CHECK_FALSE(compiled(uri(regex(".*"))).matches_all());
  config::HttpMatch match = uri(prefix("/"));
  match.method = exact("GET");
  CHECK_FALSE(compiled(match).matches_all());
  match = {};
  match.source_labels = {{"a", "b"}};
  CHECK_FALSE(compiled(match).matches_all());
}

TEST_CASE("matcher: an expression beyond its memory never matches and is told") {
  config::HttpMatch match = uri(regex("((((a{1,100}){1,100}){1,100}){1,100})"));
  RegexCache cache;
  std::string bad;
  const RequestMatcher matcher = compile_match(match, cache, bad);
  CHECK_FALSE(bad.empty());
  const http::RequestHead head = request("h", "a");
  CHECK_FALSE(matcher.matches(RequestView::of(head, 80, nullptr)));
  CHECK(cache.compile("a+") == cache.compile("a+"));
}

}  // namespace sm::plan
