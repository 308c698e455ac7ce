// SPDX-License-Identifier: Apache-2.0
#include "config/cel_syntax.h"

#include <doctest/doctest.h>

#include <string>

namespace sm::config {
namespace {

TEST_CASE("config: expressions of CEL by their syntax") {
  for (const char* text :
       {"response.code >= 400", "response.code >= 400 || xds.cluster_name == 'BlackHoleCluster'",
        "!has(a.b) && a[0].c(1, 'x') in [1, 2u, 0x1f, 1.5e-3]", "a ? b : c", "{'a': 1, \"b\": []}",
        "r'\\d' + b\"x\"", "\"\"\"many\nlines\"\"\"", "-1 - -2", "Message{field: 1}",
        ".a // end"}) {
    CAPTURE(text);
    CHECK(cel_problem(text).empty());
  }
  for (const char* text :
       {"", "a ==", "a b", "(a", "[1,", "'open", "a ? b", "{1}", "a..b", "1 +", "a[", "f(,)"}) {
    CAPTURE(text);
    CHECK_FALSE(cel_problem(text).empty());
  }
  CHECK_FALSE(cel_problem(std::string(1000, '(')).empty());
}

}  // namespace
}  // namespace sm::config
