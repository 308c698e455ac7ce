// SPDX-License-Identifier: Apache-2.0
// A worker between real HTTP clients and servers: plans, drains, pods and connections that come and
// go.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <latch>

#include "component/http_peers.h"
#include "component/worker_stage.h"

namespace sm::test {

TEST_CASE(
    "worker: a pooled connection that the server has closed costs an idempotent request nothing") {
  WorkerStage stage;
  // One answer a connection, then the server closes without having said so.
  Server web(kServerIp, [](Peer& peer) {
    peer.read_message();
    peer.send(answer("one"));
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  for (int i = 0; i < 20; ++i) {
    client.send(kGet);
    const auto response = client.read_message();
    REQUIRE(response.status() == 200);
    REQUIRE(response.body == "one");
  }
}

TEST_CASE("worker: a request under way keeps its plan, the next one has the new plan") {
  WorkerStage stage;
  std::promise<void> arrived;
  std::promise<void> go;
  std::atomic<int> number{0};
  Server web(kServerIp, [&](Peer& peer) {
    for (;;) {
      const auto request = peer.read_message();
      if (request.head.empty()) return;
      if (number++ == 0) {
        arrived.set_value();
        go.get_future().wait();
      }
      peer.send(answer(request.head));
    }
  });
  World world;
  world.web = web.address();
  world.request_header = "old";
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send(kGet);
  arrived.get_future().wait();
  world.generation = 2;
  world.request_header = "new";
  stage.use(world);
  go.set_value();
  CHECK(client.read_message().body.find("x-route: old") != std::string::npos);
  client.send(kGet);
  CHECK(client.read_message().body.find("x-route: new") != std::string::npos);
}

TEST_CASE("worker: draining tells the client to close, and ends idle connections at once") {
  WorkerStage stage;
  std::promise<void> arrived;
  std::promise<void> go;
  Server web(kServerIp, [&](Peer& peer) {
    if (peer.read_message().head.empty()) return;
    arrived.set_value();
    go.get_future().wait();
    peer.send(answer("last"));
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer busy = stage.connect(kHttpService);
  Peer idle = stage.connect(kHttpService);
  busy.send(kGet);
  arrived.get_future().wait();
  stage.drain();
  idle.read_to_end();
  CHECK(idle.end() == Peer::End::kEof);
  go.set_value();
  const auto response = busy.read_message();
  CHECK(response.body == "last");
  CHECK(response.header("connection") == "close");
  busy.read_to_end();
  CHECK(busy.end() == Peer::End::kEof);
}

TEST_CASE("worker: a pod that goes takes its connections with it") {
  WorkerStage stage;
  std::latch arrived(2);
  Server web(kServerIp, [&arrived](Peer& peer) {
    peer.read_message();
    arrived.count_down();
    peer.read_to_end();
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send(kGet);
  Peer other = stage.connect(kHttpService, "shop/b");
  other.send(kGet);
  arrived.wait();
  REQUIRE(stage.sessions() == 2);
  stage.remove_pod("shop/a");
  client.read_to_end();
  CHECK(client.end() == Peer::End::kReset);
  CHECK(stage.sessions() == 1);
  stage.remove_pod("shop/server");
  CHECK(other.read_message().status() == 503);
}

}  // namespace sm::test
