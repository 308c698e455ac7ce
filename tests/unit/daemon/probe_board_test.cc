// SPDX-License-Identifier: Apache-2.0
#include "daemon/probe_board.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace sm::daemon {

namespace {
const IpAddress kA = *IpAddress::parse("10.0.0.1");
const SocketAddress kFrom{kA, 40000};
const SocketAddress kTo{*IpAddress::parse("10.0.0.2"), 80};
}  // namespace

TEST_CASE("daemon: a probe's news goes to all workers that serve the pod with its source address") {
  std::vector<unsigned> told;
  ProbeBoard board([&told](unsigned worker, const SocketAddress& from, const SocketAddress& to) {
    CHECK(from == kFrom);
    CHECK(to == kTo);
    told.push_back(worker);
  });
  board.probe_arrived(kFrom, kTo);
  CHECK(told.empty());
  board.set_owners({{kA, {2, 0}}});
  board.probe_arrived(kFrom, kTo);
  CHECK(told == std::vector<unsigned>{2, 0});
}

TEST_CASE("daemon: news from a source that is no pod of this node admits nobody") {
  int told = 0;
  ProbeBoard board([&told](unsigned, const SocketAddress&, const SocketAddress&) { ++told; });
  board.set_owners({{kA, {0}}});
  board.probe_arrived({*IpAddress::parse("192.0.2.1"), 40000}, kTo);
  CHECK(told == 0);
}

TEST_CASE("daemon: the owner table may be replaced while workers read it") {
  std::atomic<unsigned> told{0};
  ProbeBoard board([&told](unsigned worker, const SocketAddress&, const SocketAddress&) {
    told.fetch_add(1, std::memory_order_relaxed);
    CHECK(worker < 2);
  });
  board.set_owners({{kA, {0}}});
  const auto read = [&board] {
    for (int round = 0; round < 2000; ++round) board.probe_arrived(kFrom, kTo);
  };
  std::thread first(read);
  std::thread second(read);
  for (unsigned round = 0; round < 500; ++round) board.set_owners({{kA, {round % 2}}});
  first.join();
  second.join();
  CHECK(told == 4000);
}

}  // namespace sm::daemon
