// SPDX-License-Identifier: Apache-2.0
// Against a transport that takes what the test lets it take.
#include "io/outbox.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/limits.h"

namespace sm::io {

namespace {
class Sluice final : public Transport {
 public:
  std::size_t room = SIZE_MAX;
  int writes = 0;
  bool dead = false;
  std::string taken;

  IoResult read(std::span<std::uint8_t>) override { return {}; }
  IoResult write(std::span<const iovec> from) override {
    ++writes;
    if (dead) return {IoStatus::kReset, 0, EPIPE};
    if (room == 0) return {IoStatus::kAgain, 0, 0};
    std::size_t moved = 0;
    for (const iovec& piece : from) {
      const std::size_t count = std::min(piece.iov_len, room - moved);
      taken.append(static_cast<const char*>(piece.iov_base), count);
      moved += count;
    }
    room -= moved;
    return {IoStatus::kDone, moved, 0};
  }
  void shutdown_write() override {}
  void reset_on_close() override {}
  int fd() const override { return -1; }
};

std::span<const std::uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
}  // namespace

TEST_CASE("io: small pieces leave together, with one write") {
  Sluice out;
  Outbox box;
  box.pending().append("head ");
  CHECK(box.send(out, bytes("body")));
  CHECK(out.writes == 0);
  CHECK(box.flush(out));
  CHECK(out.writes == 1);
  CHECK(out.taken == "head body");
  CHECK(box.sent_bytes() == 9);
  CHECK(box.flush(out));
  CHECK(out.writes == 1);
}

TEST_CASE(
    "io: a large piece goes out at once behind what was gathered, without being copied first") {
  Sluice out;
  Outbox box;
  const std::string large(kGatherBytes + 1, 'x');
  box.pending().append("head ");
  CHECK(box.send(out, bytes(large)));
  CHECK(out.writes == 1);
  CHECK(out.taken == "head " + large);
  CHECK(box.size() == 0);
}

TEST_CASE("io: what the socket refuses is kept in order until it takes it") {
  Sluice out;
  Outbox box;
  std::string all;
  out.room = 10'000;
  for (int i = 0; i < 5; ++i) {
    const std::string piece(kGatherBytes + static_cast<std::size_t>(i), static_cast<char>('a' + i));
    all += piece;
    CHECK(box.send(out, bytes(piece)));
  }
  CHECK(box.has_backlog());
  CHECK(box.size() == all.size() - 10'000);
  while (box.has_backlog()) {
    out.room = 7'001;
    REQUIRE(box.flush(out));
  }
  CHECK(out.taken == all);
}

TEST_CASE("io: a dead connection is told once and stays dead") {
  Sluice out;
  Outbox box;
  out.dead = true;
  box.pending().append("x");
  CHECK(!box.flush(out));
  CHECK(box.error_number() == EPIPE);
  out.dead = false;
  CHECK(!box.send(out, bytes("y")));
  CHECK(out.writes == 1);
}

}  // namespace sm::io
