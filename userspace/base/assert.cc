// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace sm {

void assert_failed(const char* condition, const char* file, int line) {
  (void)std::fprintf(stderr, "sockmesh: broken invariant at %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace sm
