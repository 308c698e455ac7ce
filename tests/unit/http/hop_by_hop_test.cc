// SPDX-License-Identifier: Apache-2.0
#include "http/hop_by_hop.h"

#include <doctest/doctest.h>

#include "support/h1_transcript.h"

namespace sm::http {
namespace {

using Fields = std::vector<std::pair<const char*, const char*>>;

template <class Head>
Head with(const Fields& fields) {
  Head head;
  for (const auto& [name, value] : fields) head.headers.add(name, value);
  return head;
}

}  // namespace

TEST_CASE("http: hop-by-hop fields of a request are not forwarded") {
  auto head = with<RequestHead>({{"accept", "x"},
                                 {"connection", "keep-alive, X-Gone"},
                                 {"keep-alive", "5"},
                                 {"proxy-connection", "x"},
                                 {"transfer-encoding", "chunked"},
                                 {"content-length", "4"},
                                 {"upgrade", "h2c"},
                                 {"http2-settings", "AAA"},
                                 {"te", "gzip"},
                                 {"x-gone", "1"},
                                 {"x-kept", "2"}});
  CHECK_FALSE(strip_hop_by_hop(head));
  CHECK(test::describe(head.headers) == "accept=x;x-kept=2;");
}

TEST_CASE("http: te survives as trailers only, nominated or not") {
  auto head = with<RequestHead>({{"te", "gzip, Trailers"}, {"connection", "TE"}});
  CHECK_FALSE(strip_hop_by_hop(head));
  CHECK(test::describe(head.headers) == "te=trailers;");
}

TEST_CASE("http: a request may nominate nine fields, not ten") {
  auto nine = with<RequestHead>(
      {{"connection", "a,b,,c,d,e"}, {"connection", "f, g,h,i"}, {"i", "1"}, {"j", "2"}});
  CHECK_FALSE(strip_hop_by_hop(nine));
  CHECK(test::describe(nine.headers) == "j=2;");
  auto ten = with<RequestHead>({{"connection", "a,b,c,d,e,f,g,h,i,j"}});
  const auto error = strip_hop_by_hop(ten);
  REQUIRE(error);
  CHECK(error->status == 400);
  CHECK(error->body == "Bad Request");
}

TEST_CASE("http: a request may not nominate forwarding, pseudo or host fields") {
  for (const char* name :
       {"X-Forwarded-For", "x-forwarded-proto", "x-forwarded-client-cert", ":path", "Host"}) {
    CAPTURE(name);
    auto head = with<RequestHead>({{"connection", name}});
    CHECK(strip_hop_by_hop(head).has_value());
  }
}

TEST_CASE("http: hop-by-hop fields of a response are not forwarded, however many it nominates") {
  auto head = with<ResponseHead>({{"server", "x"},
                                  {"connection", "close, a,b,c,d,e,f,g,h,i,j,X-Gone"},
                                  {"keep-alive", "1"},
                                  {"transfer-encoding", "chunked"},
                                  {"upgrade", "h2c"},
                                  {"x-gone", "1"},
                                  {"date", "d"}});
  strip_hop_by_hop(head);
  CHECK(test::describe(head.headers) == "server=x;date=d;");
}

}  // namespace sm::http
