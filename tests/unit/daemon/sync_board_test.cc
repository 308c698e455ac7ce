// SPDX-License-Identifier: Apache-2.0
#include "daemon/sync_board.h"

#include <doctest/doctest.h>

#include <string>

namespace sm::daemon {

using std::chrono::milliseconds;

namespace {
struct Asker {
  int answers = 0;
  std::string last;
  bool ok = false;
  SyncBoard::Reply reply() {
    return [this](const Result<Json>& result) {
      ++answers;
      ok = result.ok();
      last = result ? dump_json(*result) : result.error().text;
    };
  }
};

SyncFacts facts_of(std::uint64_t carried_out) {
  SyncFacts facts;
  facts.generation = 7;
  facts.quarantined = 2;
  facts.carried_out = carried_out;
  return facts;
}
}  // namespace

TEST_CASE("daemon: sync is answered when every worker has what was issued and every pod is Ready") {
  SyncBoard board;
  Asker asker;
  board.add(3, milliseconds(1000), asker.reply());
  board.check(milliseconds(0), facts_of(2));
  CHECK(asker.answers == 0);
  SyncFacts facts = facts_of(3);
  facts.pods_not_ready = {"shop/a (Seen)"};
  board.check(milliseconds(1), facts);
  CHECK(asker.answers == 0);
  board.check(milliseconds(2), facts_of(3));
  CHECK(asker.answers == 1);
  CHECK(asker.ok);
  CHECK(asker.last == R"({"generation":7,"quarantined":2,"podsNotReady":[]})");
  CHECK(board.empty());
}

TEST_CASE("daemon: sync does not wait for batches issued after it") {
  SyncBoard board;
  Asker asker;
  board.add(3, milliseconds(1000), asker.reply());
  SyncFacts facts = facts_of(3);
  facts.owing = {0, 1};  // of batch 4
  board.check(milliseconds(1), facts);
  CHECK(asker.ok);
}

TEST_CASE("daemon: sync that runs out of time names the workers and the pods that are missing") {
  SyncBoard board;
  Asker asker;
  board.add(3, milliseconds(1000), asker.reply());
  SyncFacts facts = facts_of(2);
  facts.owing = {1};
  facts.pods_not_ready = {"shop/a (Seen: no such namespace)"};
  board.check(milliseconds(999), facts);
  CHECK(asker.answers == 0);
  CHECK(*board.next_deadline() == milliseconds(1000));
  board.check(milliseconds(1000), facts);
  CHECK(asker.answers == 1);
  CHECK_FALSE(asker.ok);
  CHECK(asker.last.find("generation 7: 1") != std::string::npos);
  CHECK(asker.last.find("shop/a (Seen: no such namespace)") != std::string::npos);
  CHECK_FALSE(board.next_deadline());
}

TEST_CASE("daemon: sync that runs out of time does not blame workers that are done") {
  SyncBoard board;
  Asker asker;
  board.add(2, milliseconds(10), asker.reply());
  SyncFacts facts = facts_of(2);
  facts.pods_not_ready = {"shop/a (Seen)"};
  board.check(milliseconds(10), facts);
  CHECK(asker.last.find("worker") == std::string::npos);
}

TEST_CASE("daemon: each sync has its own condition and deadline") {
  SyncBoard board;
  Asker early;
  Asker late;
  board.add(1, milliseconds(500), early.reply());
  board.add(2, milliseconds(300), late.reply());
  CHECK(*board.next_deadline() == milliseconds(300));
  board.check(milliseconds(1), facts_of(1));
  CHECK(early.ok);
  CHECK(late.answers == 0);
  board.check(milliseconds(2), facts_of(2));
  CHECK(late.ok);
}

TEST_CASE("daemon: a reply may ask again, and everybody is told when the daemon ends") {
  SyncBoard board;
  Asker second;
  board.add(1, milliseconds(5),
            [&](const Result<Json>&) { board.add(9, milliseconds(100), second.reply()); });
  board.check(milliseconds(1), facts_of(1));
  CHECK_FALSE(board.empty());
  board.give_up({ErrorCode::kUnavailable, "the daemon ends", ""});
  CHECK(second.last == "the daemon ends");
  CHECK(board.empty());
}

}  // namespace sm::daemon
