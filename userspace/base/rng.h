// SPDX-License-Identifier: Apache-2.0
// Rng: the random numbers of one worker (weights, percentages, request ids). Not for secrets. One
// thread each; with a fixed seed (`randomSeed` of the node file) its numbers repeat, which tests
// rely on.
#pragma once

#include <array>
#include <cstdint>

namespace sm {

class Rng {
 public:
  // seed 0: from the kernel's random source.
  explicit Rng(std::uint64_t seed);
  std::uint64_t next();
  // Uniform in [0, bound). Requires: bound > 0.
  std::uint64_t below(std::uint64_t bound);

 private:
  std::array<std::uint64_t, 4> x_state{};
};

}  // namespace sm
