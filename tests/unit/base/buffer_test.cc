// SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "base/rng.h"

namespace sm {

TEST_CASE("base: a buffer gives back what was put in, whatever the sizes") {
  Rng rng(7);
  Buffer buffer;
  std::string model;
  for (int step = 0; step < 20'000; ++step) {
    if (rng.below(2) == 0) {
      const std::string piece(rng.below(300), static_cast<char>('a' + rng.below(26)));
      if (rng.below(2) == 0) {
        buffer.append(piece);
      } else {
        const auto room = buffer.prepare(piece.size());
        REQUIRE(room.size() >= piece.size());
        std::copy(piece.begin(), piece.end(), room.begin());
        buffer.commit(piece.size());
      }
      model += piece;
    } else {
      const std::size_t count = rng.below(model.size() + 1);
      buffer.consume(count);
      model.erase(0, count);
    }
    REQUIRE(buffer.view() == model);
  }
}

TEST_CASE("base: a buffer that is moved from is empty and can be used again") {
  Buffer first;
  first.append("abc");
  Buffer second(std::move(first));
  CHECK(second.view() == "abc");
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that is what is promised
  first.append("d");
  CHECK(first.view() == "d");
}

TEST_CASE("base: a large buffer gives its memory back when it is emptied, a small one keeps it") {
  Buffer large;
  large.append(std::string(kBufferKeepBytes + 1, 'x'));
  large.consume(large.size());
  CHECK(large.prepare(1).size() < kBufferKeepBytes);
  Buffer small;
  small.append(std::string(kBufferMinBytes * 4, 'x'));
  small.consume(small.size());
  CHECK(small.prepare(1).size() >= kBufferMinBytes * 4);
  small.release_if_empty();
  CHECK(small.prepare(1).size() == kBufferMinBytes);
}

}  // namespace sm
