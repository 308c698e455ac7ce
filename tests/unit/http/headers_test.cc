// SPDX-License-Identifier: Apache-2.0
#include "http/headers.h"

#include <doctest/doctest.h>

#include "support/h1_transcript.h"

namespace sm::http {
using test::describe;

TEST_CASE("http: headers keep their order and lower the case of names") {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("X-Two", "b");
  headers.add("ACCEPT", "c");
  CHECK(describe(headers) == "accept=a;x-two=b;accept=c;");
  CHECK(headers.get("accept") == "a");
  CHECK(headers.count("accept") == 2);
  CHECK(headers.get_all("accept") == std::vector<std::string_view>{"a", "c"});
  CHECK_FALSE(headers.has("x-three"));
}

TEST_CASE("http: setting a header replaces all of its name at the place of the first") {
  Headers headers;
  headers.add("a", "1");
  headers.add("b", "2");
  headers.add("c", "3");
  headers.add("b", "4");
  headers.set("B", "5");
  CHECK(describe(headers) == "a=1;b=5;c=3;");
  headers.set("d", "6");
  CHECK(describe(headers) == "a=1;b=5;c=3;d=6;");
}

TEST_CASE("http: removing a header says how many went") {
  Headers headers;
  headers.add("a", "1");
  headers.add("b", "2");
  headers.add("a", "3");
  CHECK(headers.remove("a") == 2);
  CHECK(headers.remove("a") == 0);
  CHECK(describe(headers) == "b=2;");
}

TEST_CASE("http: a header may be set from another header of the same list") {
  Headers headers;
  headers.add("long", std::string(100, 'x'));
  for (int i = 0; i < 50; ++i) {
    headers.add(headers.at(0).name, headers.at(0).value);
    headers.set("copy", *headers.get("long"));
  }
  CHECK(headers.get("copy") == std::string(100, 'x'));
  CHECK(headers.count("long") == 51);
}

TEST_CASE("http: a value cannot start a header of its own") {
  Headers headers;
  headers.add("a", std::string_view("x\r\nevil: 1\0y", 12));
  CHECK(headers.get("a") == "x  evil: 1 y");
}

}  // namespace sm::http
