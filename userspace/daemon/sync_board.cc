// SPDX-License-Identifier: Apache-2.0
#include "daemon/sync_board.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace sm::daemon {

namespace {
Json answer(const SyncFacts& facts) {
  return Json{{"generation", facts.generation},
              {"quarantined", facts.quarantined},
              {"podsNotReady", facts.pods_not_ready_keys}};
}

Error timed_out(bool workers_done, const SyncFacts& facts) {
  std::vector<std::string> missing;
  if (!workers_done) {
    missing.push_back(fmt::format("workers that have not taken over generation {}: {}",
                                  facts.generation, fmt::join(facts.owing, ", ")));
  }
  if (!facts.pods_not_ready.empty()) {
    missing.push_back(fmt::format("pods not Ready: {}", fmt::join(facts.pods_not_ready, ", ")));
  }
  return Error{ErrorCode::kTimeout, fmt::format("not in sync: {}", fmt::join(missing, "; ")),
               "`sockmeshctl pods` shows what each pod waits for"};
}
}  // namespace

void SyncBoard::add(std::uint64_t batch, Time deadline, Reply reply) {
  x_waiting.push_back({batch, deadline, std::move(reply)});
}

void SyncBoard::check(Time now, const SyncFacts& facts) {
  // Replies run after the list is in order again, since they may add to it.
  std::vector<std::pair<Reply, Result<Json>>> due;
  std::vector<Waiting> still;
  for (Waiting& waiting : x_waiting) {
    const bool workers_done = facts.carried_out >= waiting.batch;
    if (workers_done && facts.pods_not_ready.empty()) {
      due.emplace_back(std::move(waiting.reply), answer(facts));
    } else if (now >= waiting.deadline) {
      due.emplace_back(std::move(waiting.reply), timed_out(workers_done, facts));
    } else {
      still.push_back(std::move(waiting));
    }
  }
  x_waiting = std::move(still);
  for (auto& [reply, result] : due) reply(std::move(result));
}

void SyncBoard::give_up(const Error& error) {
  const std::vector<Waiting> waiting = std::exchange(x_waiting, {});
  for (const Waiting& one : waiting) one.reply(error);
}

std::optional<SyncBoard::Time> SyncBoard::next_deadline() const {
  const auto first =
      std::min_element(x_waiting.begin(), x_waiting.end(),
                       [](const Waiting& a, const Waiting& b) { return a.deadline < b.deadline; });
  if (first == x_waiting.end()) return std::nullopt;
  return first->deadline;
}

}  // namespace sm::daemon
