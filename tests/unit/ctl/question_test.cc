// SPDX-License-Identifier: Apache-2.0
#include "ctl/question.h"

#include <doctest/doctest.h>

#include "ctl/explanation_text.h"

namespace sm::ctl {
namespace {

Invocation call_of(std::map<std::string, std::vector<std::string>, std::less<>> options,
                   std::vector<std::string> operands) {
  Invocation call;
  call.options = std::move(options);
  call.operands = std::move(operands);
  return call;
}

}  // namespace

TEST_CASE("ctl: the command line becomes the question that a batch line would be") {
  const auto asked =
      asked_by(call_of({{"--from", {"shop/front-1"}}, {"--header", {"a: 1", "b:2", "a:  3 "}}},
                       {"GET", "http://cart/x?y"}));
  REQUIRE(asked.ok());
  CHECK(asked->directories.empty());
  CHECK(asked->question == Json{{"from", "shop/front-1"},
                                {"method", "GET"},
                                {"url", "http://cart/x?y"},
                                {"headers", Json{{"a", {"1", "3"}}, {"b", Json::array({"2"})}}}});
}

TEST_CASE("ctl: a question for a gateway names port and server name, one for TCP no method") {
  const auto gateway = asked_by(
      call_of({{"--gateway", {"gw.istio-system"}}, {"--port", {"443"}}, {"--tls", {"shop"}}},
              {"GET", "https://shop/"}));
  REQUIRE(gateway.ok());
  CHECK(gateway->question == Json{{"gateway", "istio-system/gw"},
                                  {"port", 443},
                                  {"tls", "shop"},
                                  {"method", "GET"},
                                  {"url", "https://shop/"}});
  const auto tcp = asked_by(call_of({{"--from", {"a/b"}}}, {"tcp://10.0.0.1:9090"}));
  REQUIRE(tcp.ok());
  CHECK(tcp->question == Json{{"from", "a/b"}, {"url", "tcp://10.0.0.1:9090"}});
}

TEST_CASE("ctl: --config takes the directories that follow it, before the request") {
  const auto one = asked_by(
      call_of({{"--from", {"a/b"}}, {"--config", {"d1"}}}, {"d2", "d3", "GET", "http://x/"}));
  REQUIRE(one.ok());
  CHECK(one->directories == std::vector<std::string>{"d1", "d2", "d3"});
  CHECK(one->question["url"] == "http://x/");
  const auto batch = asked_by(call_of({{"--batch", {"-"}}, {"--config", {"d1"}}}, {"d2"}));
  REQUIRE(batch.ok());
  CHECK(batch->directories == std::vector<std::string>{"d1", "d2"});
  CHECK(batch->question.is_null());
}

TEST_CASE("ctl: a question that cannot be asked is a usage error") {
  using Options = std::map<std::string, std::vector<std::string>, std::less<>>;
  struct Case {
    Options options;
    std::vector<std::string> operands;
  };
  const Options from = {{"--from", {"a/b"}}};
  for (const Case& bad :
       std::vector<Case>{{{}, {"GET", "http://x/"}},
                         {{{"--from", {"a/b"}}, {"--gateway", {"c/d"}}, {"--port", {"80"}}},
                          {"GET", "http://x/"}},
                         {{{"--gateway", {"c/d"}}}, {"GET", "http://x/"}},
                         {{{"--gateway", {"c/d"}}, {"--port", {"0"}}}, {"GET", "http://x/"}},
                         {{{"--gateway", {"c/d"}}, {"--port", {"65536"}}}, {"GET", "http://x/"}},
                         {from, {}},
                         {from, {"http://x/"}},
                         {from, {"more", "GET", "http://x/"}},
                         {{{"--from", {"a/b"}}, {"--header", {"no colon"}}}, {"GET", "http://x/"}},
                         {{{"--from", {"a/b"}}, {"--header", {": v"}}}, {"GET", "http://x/"}},
                         {{{"--batch", {"-"}}}, {"GET", "http://x/"}}}) {
    CHECK_FALSE(asked_by(call_of(bad.options, bad.operands)).ok());
  }
}

TEST_CASE("ctl: each line of a batch is a question with an id, or says why not") {
  const auto lines = batch_lines(
      "{\"id\":\"1\",\"url\":\"u\"}\n\n  "
      "\r\nnonsense\n[]\n{\"url\":\"u\"}\n{\"id\":7}\n{\"id\":\"2\"}");
  REQUIRE(lines.size() == 6);
  CHECK(lines[0].id == "1");
  CHECK(lines[0].question["url"] == "u");
  CHECK(lines[0].error.empty());
  for (const std::size_t bad : {1U, 2U, 3U, 4U}) {
    CHECK(lines[bad].id.empty());
    CHECK(lines[bad].question.is_null());
    CHECK_FALSE(lines[bad].error.empty());
  }
  CHECK(lines[5].id == "2");
  CHECK(batch_lines("").empty());
}

TEST_CASE(
    "ctl: an explanation for people says the verdict, the route, why not the others, and the "
    "endpoints") {
  const Json answer{
      {"verdict", "route"},
      {"status", nullptr},
      {"flags", "-"},
      {"service", "cart.shop.svc.cluster.local"},
      {"port", 80},
      {"protocol", "http"},
      {"virtualHost", "cart.shop.svc.cluster.local:80"},
      {"route", Json{{"name", "canary"},
                     {"kind", "VirtualService"},
                     {"namespace", "shop"},
                     {"resource", "cart"},
                     {"index", 1},
                     {"match", "prefix /x"},
                     {"file", "vs.yaml"},
                     {"line", 9}}},
      {"rejected", Json::array({Json{{"name", nullptr},
                                     {"resource", "cart"},
                                     {"index", 0},
                                     {"because", "header x-a is absent"},
                                     {"file", "vs.yaml"},
                                     {"line", 4}}})},
      {"destinations",
       Json::array({Json{
           {"cluster", "outbound|80|v1|cart"},
           {"weight", 100},
           {"endpoints",
            Json::array({Json{{"address", "10.0.0.1:80"}, {"pod", "shop/cart-1"}, {"used", true}},
                         Json{{"address", "10.0.0.2:80"},
                              {"pod", "shop/cart-2"},
                              {"used", false},
                              {"because", "not ready"}}})}}})},
      {"upstream", Json{{"method", "GET"},
                        {"authority", "cart"},
                        {"path", "/x"},
                        {"headers", Json{{"a", {"1", "2"}}}}}},
      {"response", nullptr}};
  const std::string text = explanation_text(answer);
  CHECK(text ==
        "verdict:      route\n"
        "service:      cart.shop.svc.cluster.local port 80 (http), virtual host "
        "cart.shop.svc.cluster.local:80\n"
        "route:        VirtualService shop/cart[1] \"canary\" matches prefix /x (vs.yaml:9)\n"
        "not:          cart[0] because header x-a is absent (vs.yaml:4)\n"
        "\n"
        "CLUSTER               WEIGHT   ENDPOINT      POD           USED\n"
        "outbound|80|v1|cart   100      10.0.0.1:80   shop/cart-1   yes\n"
        "                               10.0.0.2:80   shop/cart-2   no: not ready\n"
        "\n"
        "sent upstream\n"
        "  GET /x to cart\n"
        "  a: 1\n"
        "  a: 2\n");
}

TEST_CASE("ctl: an explanation of a local answer shows it") {
  const std::string text = explanation_text(
      Json{{"verdict", "not_found"},
           {"status", 404},
           {"flags", "NR"},
           {"response", Json{{"status", 404}, {"headers", Json::object()}, {"body", ""}}}});
  CHECK(text == "verdict:      not_found, status 404, flags NR\n\nanswered here\n  status 404\n");
}

}  // namespace sm::ctl
