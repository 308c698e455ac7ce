// SPDX-License-Identifier: Apache-2.0
// A worker between real HTTP clients and servers: bodies, framing and upgrades.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <latch>

#include "component/http_peers.h"
#include "component/worker_stage.h"

namespace sm::test {

TEST_CASE("worker: bodies of every size and framing arrive byte for byte, both ways") {
  WorkerStage stage;
  Server web(kServerIp, [](Peer& peer) {
    for (;;) {
      const auto request = peer.read_message();
      if (request.head.empty()) return;
      const bool chunked = request.head.find("x-want: chunked") != std::string::npos;
      if (!chunked) {
        peer.send(answer(request.body));
        continue;
      }
      peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      for (std::size_t at = 0; at < request.body.size(); at += 100'000) {
        const std::string piece = request.body.substr(at, 100'000);
        char size[32];
        std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
        peer.send(size + piece + "\r\n");
      }
      peer.send("0\r\n\r\n");
    }
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{1000}, std::size_t{70'000}, std::size_t{3'000'001}}) {
    for (const bool chunked : {false, true}) {
      const std::string body = pattern(size);
      std::thread sender([&] {
        if (!chunked) {
          client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: " + std::to_string(size) +
                      "\r\n\r\n" + body);
          return;
        }
        client.send(
            "POST / HTTP/1.1\r\nHost: web\r\nX-Want: chunked\r\nTransfer-Encoding: "
            "chunked\r\n\r\n");
        for (std::size_t at = 0; at < size; at += 65'000) {
          const std::string piece = body.substr(at, 65'000);
          char head[32];
          std::snprintf(head, sizeof head, "%zx\r\n", piece.size());
          client.send(head + piece + "\r\n");
        }
        client.send("0\r\n\r\n");
      });
      const auto response = client.read_message();
      sender.join();
      CHECK(response.status() == 200);
      CHECK_MESSAGE(response.body == body,
                    size << " bytes, chunked " << chunked << ", got " << response.body.size());
    }
  }
}

TEST_CASE("worker: HEAD, 204 and 304 have no body and keep the connection usable") {
  WorkerStage stage;
  Server web(kServerIp, [](Peer& peer) {
    for (;;) {
      const auto request = peer.read_message();
      if (request.head.empty()) return;
      if (request.head.rfind("HEAD", 0) == 0) {
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n");
      } else if (request.head.find("/204") != std::string::npos) {
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
      } else {
        peer.send("HTTP/1.1 304 Not Modified\r\ncontent-length: 77\r\netag: e\r\n\r\n");
      }
    }
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send("HEAD / HTTP/1.1\r\nHost: web\r\n\r\n");
  auto response = client.read_message(true);
  CHECK(response.status() == 200);
  CHECK(response.header("content-length") == "5000");
  client.send("GET /204 HTTP/1.1\r\nHost: web\r\n\r\n");
  response = client.read_message(true);
  CHECK(response.status() == 204);
  CHECK(response.header("content-length").empty());
  CHECK(response.header("transfer-encoding").empty());
  client.send("GET /304 HTTP/1.1\r\nHost: web\r\n\r\n");
  response = client.read_message(true);
  CHECK(response.status() == 304);
  CHECK(response.header("etag") == "e");
  CHECK(web.connections() == 1);
}

TEST_CASE("worker: a response that ends with its connection is chunked for the client") {
  WorkerStage stage;
  Server web(kServerIp, [](Peer& peer) {
    peer.read_message();
    peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  for (int i = 0; i < 2; ++i) {
    client.send(kGet);
    const auto response = client.read_message();
    CHECK(response.header("transfer-encoding") == "chunked");
    CHECK(response.body == "until the end");
  }
}

TEST_CASE(
    "worker: an answer before the request is whole reaches the client, then the connection ends") {
  WorkerStage stage;
  Server web(kServerIp, [](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 3\r\n\r\nbig");
    peer.half_close();
    peer.read_to_end();
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 100000000\r\n\r\nsome");
  const auto response = client.read_message();
  CHECK(response.status() == 413);
  CHECK(response.body == "big");
  client.read_to_end();
  CHECK(client.end() == Peer::End::kEof);
}

TEST_CASE("worker: WebSocket passes, with what the client sent before the 101") {
  WorkerStage stage;
  Server web(kServerIp, [](Peer& peer) {
    const auto request = peer.read_message(true);
    if (request.header("upgrade") != "websocket") return;
    peer.send(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\nhi ");
    const std::string early = peer.read_bytes(5);
    peer.send(early);
    peer.send(peer.read_bytes(4));
    peer.read_to_end();
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send(
      "GET /ws HTTP/1.1\r\nHost: web\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly");
  std::string got = client.read_until("early");
  CHECK(got.rfind("HTTP/1.1 101", 0) == 0);
  CHECK(got.substr(got.find("\r\n\r\n") + 4) == "hi early");
  client.send("late");
  CHECK(client.read_until("late") == "late");
}

TEST_CASE("worker: another upgrade is refused with 403") {
  WorkerStage stage;
  Server web(kServerIp, echo_heads);
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send("GET / HTTP/1.1\r\nHost: web\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n");
  CHECK(client.read_message().status() == 403);
  CHECK(web.connections() == 0);
}

}  // namespace sm::test
