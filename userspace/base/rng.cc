// SPDX-License-Identifier: Apache-2.0
// xoshiro256** (Blackman and Vigna), seeded through splitmix64.
#include "base/rng.h"

#include <sys/random.h>

#include <bit>

#include "base/assert.h"

namespace sm {

namespace {
std::uint64_t splitmix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}
}  // namespace

Rng::Rng(std::uint64_t seed) {
  if (seed == 0) {
    const ssize_t got = getrandom(&seed, sizeof seed, 0);
    SM_ASSERT(got == static_cast<ssize_t>(sizeof seed));
  }
  for (auto& word : x_state) word = splitmix(seed);
}

std::uint64_t Rng::next() {
  const std::uint64_t result = std::rotl(x_state[1] * 5, 7) * 9;
  const std::uint64_t shifted = x_state[1] << 17;
  x_state[2] ^= x_state[0];
  x_state[3] ^= x_state[1];
  x_state[1] ^= x_state[2];
  x_state[0] ^= x_state[3];
  x_state[2] ^= shifted;
  x_state[3] = std::rotl(x_state[3], 45);
  return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  SM_ASSERT(bound > 0);
  __extension__ using Wide = unsigned __int128;
  // Lemire's multiply-shift; the bias (bound / 2^64) is far below anything a share of traffic can
  // show.
  return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
}

}  // namespace sm
