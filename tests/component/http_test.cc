// SPDX-License-Identifier: Apache-2.0
// A worker between real HTTP clients and servers: routing, pools, pipelining, mirrors.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <latch>

#include "component/http_peers.h"
#include "component/worker_stage.h"

namespace sm::test {

TEST_CASE("worker: a request is routed by its Host and carries what a sidecar adds") {
  WorkerStage stage;
  Server web(kServerIp, echo_heads);
  World world;
  world.web = web.address();
  world.request_header = "yes";
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send("GET /x?y=1 HTTP/1.1\r\nHost: web\r\nConnection: x-drop\r\nX-Drop: 1\r\n\r\n");
  const auto response = client.read_message();
  CHECK(response.status() == 200);
  CHECK(response.header("server") == "envoy");
  CHECK(!response.header("date").empty());
  CHECK(!response.header("x-envoy-upstream-service-time").empty());
  const auto& seen = response.body;
  CHECK(seen.rfind("GET /x?y=1 HTTP/1.1\r\nhost: web\r\n", 0) == 0);
  for (const char* expected : {"x-request-id: ", "x-forwarded-proto: http\r\n",
                               "x-envoy-attempt-count: 1\r\n", "x-route: yes\r\n"}) {
    CHECK_MESSAGE(seen.find(expected) != std::string::npos, expected << " in " << seen);
  }
  CHECK(seen.find("x-drop") == std::string::npos);
  CHECK(seen.find("connection:") == std::string::npos);
}

TEST_CASE(
    "worker: keep-alive on both sides, and no upstream connection is shared by two client pods") {
  WorkerStage stage;
  Server web(kServerIp, echo_heads);
  World world;
  world.web = web.address();
  stage.use(world);
  Peer first = stage.connect(kHttpService, "shop/a");
  for (int i = 0; i < 3; ++i) {
    first.send(kGet);
    CHECK(first.read_message().status() == 200);
  }
  CHECK(web.connections() == 1);
  Peer again = stage.connect(kHttpService, "shop/a");
  again.send(kGet);
  CHECK(again.read_message().status() == 200);
  CHECK(web.connections() == 1);
  Peer other = stage.connect(kHttpService, "shop/b");
  other.send(kGet);
  CHECK(other.read_message().status() == 200);
  CHECK(web.connections() == 2);
}

TEST_CASE("worker: pipelined requests are answered one by one, in order") {
  WorkerStage stage;
  Server web(kServerIp, echo_heads);
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send(
      "GET /1 HTTP/1.1\r\nHost: web\r\n\r\nGET /2 HTTP/1.1\r\nHost: nobody\r\n\r\nGET /3 "
      "HTTP/1.1\r\nHost: web\r\n\r\n");
  CHECK(client.read_message().body.rfind("GET /1 ", 0) == 0);
  CHECK(client.read_message().status() == 404);
  CHECK(client.read_message().body.rfind("GET /3 ", 0) == 0);
}

TEST_CASE("worker: a mirror gets the request and its body, and its answer goes nowhere") {
  WorkerStage stage;
  Server web(kServerIp, echo_heads);
  std::promise<Peer::Message> copied;
  Server shadow(kShadowIp, [&copied](Peer& peer) {
    copied.set_value(peer.read_message());
    peer.send("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n");
    peer.read_to_end();
  });
  World world;
  world.web = web.address();
  world.mirror = shadow.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send("POST /m HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(client.read_message().status() == 200);
  const auto copy = copied.get_future().get();
  CHECK(copy.head.rfind("POST /m HTTP/1.1\r\nhost: web\r\n", 0) == 0);
  CHECK(copy.body == "hello");
}

}  // namespace sm::test
