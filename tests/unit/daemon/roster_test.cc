// SPDX-License-Identifier: Apache-2.0
#include "daemon/roster.h"

#include <doctest/doctest.h>

namespace sm::daemon {

namespace {
std::shared_ptr<const io::PodNet> pod_net(const std::string& key, std::uint64_t cookie,
                                          const char* ip = "10.0.0.1") {
  auto net = std::make_shared<io::PodNet>();
  net->key = key;
  net->netns_cookie = cookie;
  net->ips = {*IpAddress::parse(ip)};
  return net;
}

std::vector<io::PodListener> listeners_for(std::vector<unsigned> workers) {
  std::vector<io::PodListener> listeners;
  for (unsigned slot = 0; slot < workers.size(); ++slot) {
    for (const auto kind : {io::ListenerKind::kOutbound, io::ListenerKind::kSink}) {
      io::PodListener listener;
      listener.kind = kind;
      listener.slot = slot;
      listener.worker = workers[slot];
      listeners.push_back(std::move(listener));
    }
  }
  return listeners;
}

capture::PodWish wish_of(const std::string& key) {
  capture::PodWish wish;
  wish.key = key;
  wish.netns_path = "/run/netns/x";
  wish.workers = {0};
  return wish;
}
}  // namespace

TEST_CASE("daemon: every worker learns of a pod, its owners get their listeners") {
  Roster roster;
  roster.opened(pod_net("a/b", 5), listeners_for({2, 0}));
  CHECK(roster.has_news());
  auto batches = roster.take_news(3, 1);
  CHECK_FALSE(roster.has_news());
  REQUIRE(batches.size() == 3);
  for (const WorkerBatch& batch : batches) {
    REQUIRE(batch.opened.size() == 1);
    CHECK(batch.opened[0].pod->key == "a/b");
    CHECK(batch.opened[0].owners == 2);
  }
  CHECK(batches[0].opened[0].listeners.size() == 2);
  CHECK(batches[1].opened[0].listeners.empty());
  REQUIRE(batches[2].opened[0].listeners.size() == 2);
  CHECK(batches[2].opened[0].listeners[0].slot == 0);
  CHECK(roster.owners().at(*IpAddress::parse("10.0.0.1")) == std::vector<unsigned>{2, 0});
}

TEST_CASE("daemon: a pod is ready once, when the batch that told of it is carried out") {
  Roster roster;
  roster.opened(pod_net("a/b", 5), listeners_for({0}));
  CHECK(roster.take_ready(100).empty());  // nobody was told yet
  roster.take_news(1, 4);
  CHECK(roster.take_ready(3).empty());
  const auto ready = roster.take_ready(4);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].netns_cookie == 5);
  CHECK(roster.take_ready(5).empty());
}

TEST_CASE("daemon: a pod that nobody wishes is retained until the workers have let go of it") {
  Roster roster;
  roster.retain({wish_of("a/b")});
  roster.opened(pod_net("a/b", 5), listeners_for({0}));
  roster.take_news(2, 1);
  const auto desired = roster.retain({});
  REQUIRE(desired.size() == 1);
  CHECK(desired[0] == wish_of("a/b"));
  CHECK(roster.is_leaving("a/b"));
  CHECK(roster.owners().empty());  // its probes are nobody's any more
  const auto batches = roster.take_news(2, 2);
  for (const WorkerBatch& batch : batches) {
    REQUIRE(batch.leaving.size() == 1);
    CHECK(batch.leaving[0].netns_cookie == 5);
  }
  CHECK(roster.take_left(1).empty());
  CHECK(roster.take_left(2) == std::set<std::string>{"a/b"});
  CHECK(roster.retain({}).empty());
  roster.closed("a/b", 5);
  CHECK_FALSE(roster.has_news());  // the workers know already
}

TEST_CASE("daemon: a pod that comes back while it leaves keeps its old wish until it has left") {
  Roster roster;
  roster.retain({wish_of("a/b")});
  roster.opened(pod_net("a/b", 5), listeners_for({0}));
  roster.take_news(1, 1);
  roster.retain({});
  roster.take_news(1, 2);
  capture::PodWish again = wish_of("a/b");
  again.netns_path = "/run/netns/y";
  auto desired = roster.retain({again});
  REQUIRE(desired.size() == 1);
  CHECK(desired[0].netns_path == "/run/netns/x");
  CHECK(roster.take_left(2).size() == 1);
  desired = roster.retain({again});
  CHECK(desired[0].netns_path == "/run/netns/y");
}

TEST_CASE("daemon: a pod whose namespace went away is told to the workers as closed") {
  Roster roster;
  roster.opened(pod_net("a/b", 5), listeners_for({0}));
  roster.take_news(1, 1);
  roster.closed("a/b", 4);  // an earlier enrolment's
  CHECK_FALSE(roster.has_news());
  roster.closed("a/b", 5);
  const auto batches = roster.take_news(1, 2);
  REQUIRE(batches[0].closed.size() == 1);
  CHECK(batches[0].leaving.empty());
}

TEST_CASE("daemon: a pod that opened and closed before anybody was told is no news") {
  Roster roster;
  roster.opened(pod_net("a/b", 5), listeners_for({0}));
  roster.closed("a/b", 5);
  CHECK_FALSE(roster.has_news());
}

TEST_CASE("daemon: a re-enrolled pod is closed and opened in one batch, with the new cookie") {
  Roster roster;
  roster.opened(pod_net("a/b", 5), listeners_for({0}));
  roster.take_news(1, 1);
  roster.closed("a/b", 5);
  roster.opened(pod_net("a/b", 6), listeners_for({0}));
  const auto batches = roster.take_news(1, 2);
  REQUIRE(batches[0].closed.size() == 1);
  CHECK(batches[0].closed[0].netns_cookie == 5);
  REQUIRE(batches[0].opened.size() == 1);
  CHECK(batches[0].opened[0].pod->netns_cookie == 6);
  CHECK(roster.take_ready(2)[0].netns_cookie == 6);
}

}  // namespace sm::daemon
