// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <doctest/doctest.h>

namespace sm {

TEST_CASE("base: letters are ASCII's alone") {
  CHECK(to_lower("Host-ÀZ9") == "host-Àz9");
  CHECK(equals_ignoring_case("Keep-Alive", "keep-alive"));
  CHECK(!equals_ignoring_case("keep", "keep-alive"));
  CHECK(starts_with_ignoring_case("APPLICATION/grpc+proto", "application/grpc"));
  CHECK(!starts_with_ignoring_case("app", "application"));
}

TEST_CASE("base: parts are trimmed, empty ones are kept, an empty text has none") {
  CHECK(split("", ',').empty());
  const auto parts = split(" a ,,\tb", ',');
  REQUIRE(parts.size() == 3);
  CHECK(parts[0] == "a");
  CHECK(parts[1].empty());
  CHECK(parts[2] == "b");
}

TEST_CASE("base: a number is digits and nothing else, within its bound") {
  CHECK(parse_decimal("0") == 0U);
  CHECK(parse_decimal("18446744073709551615") == UINT64_MAX);
  CHECK(parse_decimal("65535", 65535) == 65535U);
  for (const char* text : {"", "+1", "-1", " 1", "1 ", "1x", "18446744073709551616"})
    CHECK_MESSAGE(!parse_decimal(text), text);
  CHECK(!parse_decimal("65536", 65535));
}

}  // namespace sm
