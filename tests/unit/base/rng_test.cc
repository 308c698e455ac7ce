// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"

#include <doctest/doctest.h>

#include <array>

namespace sm {

TEST_CASE("base: a seed repeats its numbers, another seed and no seed do not") {
  Rng first(1);
  Rng second(1);
  Rng other(2);
  Rng kernel(0);
  bool all_equal = true;
  bool other_equal = true;
  bool kernel_equal = true;
  for (int i = 0; i < 16; ++i) {
    const auto number = first.next();
    all_equal = all_equal && number == second.next();
    other_equal = other_equal && number == other.next();
    kernel_equal = kernel_equal && number == kernel.next();
  }
  CHECK(all_equal);
  CHECK(!other_equal);
  CHECK(!kernel_equal);
}

TEST_CASE("base: numbers below a bound are below it and fall evenly") {
  Rng rng(3);
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; ++i) ++counts.at(rng.below(10));
  // 10 000 each, standard deviation 95: six of them either way.
  for (const int count : counts) CHECK((count > 9430 && count < 10570));
  for (int i = 0; i < 100; ++i) CHECK(rng.below(1) == 0);
}

}  // namespace sm
