// SPDX-License-Identifier: Apache-2.0
// A property that does not hold ends the fuzzing process, with the two texts that differ.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace sm::fuzz {

inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

inline void require_same(const std::string& a, const std::string& b, const char* property) {
  if (a == b) return;
  std::fprintf(stderr, "property broken: %s\n--- one\n%s\n--- other\n%s\n", property, a.c_str(),
               b.c_str());
  std::abort();
}

}  // namespace sm::fuzz
