// SPDX-License-Identifier: Apache-2.0
// SyncBoard: the `sync` requests that wait, and when each is answered: when every worker has
// carried out all that was issued up to the request, and every pod that should be enrolled is
// Ready; or when its time is up. Pure: times and facts are given. Control thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace sm::daemon {

// What a sync looks at.
struct SyncFacts {
  std::uint64_t generation = 0;
  std::size_t quarantined = 0;
  std::uint64_t carried_out = 0;            // the newest batch that every worker has carried out
  std::vector<unsigned> owing;              // workers that owe the newest batch
  std::vector<std::string> pods_not_ready;  // "namespace/name (state: reason)" for people
  std::vector<std::string> pods_not_ready_keys;  // "namespace/name"
};

class SyncBoard {
 public:
  using Time = std::chrono::milliseconds;
  using Reply = std::function<void(Result<Json>)>;

  // Waits for `batch` and for the pods, until `deadline`. The answer comes from a later check().
  void add(std::uint64_t batch, Time deadline, Reply reply);
  // Answers what can be answered. A reply may add to the board.
  void check(Time now, const SyncFacts& facts);
  // Answers everything that waits with `error`: the daemon ends.
  void give_up(const Error& error);
  // When check() is due at the latest; nullopt when nobody waits.
  std::optional<Time> next_deadline() const;
  bool empty() const { return x_waiting.empty(); }

 private:
  struct Waiting {
    std::uint64_t batch;
    Time deadline;
    Reply reply;
  };
  std::vector<Waiting> x_waiting;
};

}  // namespace sm::daemon
