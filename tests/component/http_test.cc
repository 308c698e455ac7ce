// SPDX-License-Identifier: Apache-2.0
// A worker between real HTTP clients and servers: routing, bodies, pools, failures, local replies.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <latch>

#include "component/worker_stage.h"

namespace sm::test {

namespace {

std::string answer(std::string_view body, std::string_view extra = {}) {
  return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" +
         std::string(extra) + "\r\n" + std::string(body);
}

// Answers every request of a connection with the head that it received.
void echo_heads(Peer& peer) {
  for (;;) {
    const auto request = peer.read_message();
    if (request.head.empty()) return;
    if (!peer.send(answer(request.head))) return;
  }
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

const std::string kGet = "GET /x?y=1 HTTP/1.1\r\nHost: web\r\n\r\n";

}  // namespace

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

TEST_CASE("worker: what cannot be answered is answered as Envoy answers it") {
  WorkerStage stage;
  World world;
  SUBCASE("a route to a subset that does not exist: 503, empty, NC") {
    world.route_names_unknown_subset = true;
    stage.use(world);
    Peer client = stage.connect(kHttpService);
    client.send(kGet);
    const auto response = client.read_message();
    CHECK(response.status() == 503);
    CHECK(response.body.empty());
    CHECK(stage.access_log("cluster_not_found").find(" 503 NC cluster_not_found ") !=
          std::string::npos);
  }
  SUBCASE("no endpoint: 503 no healthy upstream, UH") {
    stage.use(world);
    Peer client = stage.connect(kHttpService);
    client.send(kGet);
    const auto response = client.read_message();
    CHECK(response.status() == 503);
    CHECK(response.body == "no healthy upstream");
    CHECK(response.header("content-type") == "text/plain");
    CHECK(stage.access_log("no_healthy_upstream").find(" 503 UH no_healthy_upstream ") !=
          std::string::npos);
  }
  SUBCASE(
      "an application that is not there: its side says UF, the client's side passes the 503 on") {
    {
      Server gone(kServerIp, echo_heads);
      world.web = gone.address();
    }
    stage.use(world);
    Peer client = stage.connect(kHttpService);
    client.send(kGet);
    const auto response = client.read_message();
    CHECK(response.status() == 503);
    CHECK(response.body ==
          "upstream connect error or disconnect/reset before headers. reset reason: remote "
          "connection failure");
    const std::string log = stage.access_log("inbound|");
    CHECK(log.find(" 503 - via_upstream ") != std::string::npos);
    CHECK(log.find(" 503 UF upstream_reset_before_response_started{remote_connection_failure} ") !=
          std::string::npos);
  }
  SUBCASE("no virtual host: 404, empty, NR") {
    stage.use(world);
    Peer client = stage.connect(kHttpService);
    client.send("GET / HTTP/1.1\r\nHost: nobody\r\n\r\n");
    const auto response = client.read_message();
    CHECK(response.status() == 404);
    CHECK(response.body.empty());
    CHECK(stage.access_log("route_not_found").find(" 404 NR route_not_found ") !=
          std::string::npos);
  }
}

TEST_CASE("worker: a broken upstream is a 502 or a 503, or a cut connection once the head is out") {
  WorkerStage stage;
  std::string reply;
  Server web(kServerIp, [&reply](Peer& peer) {
    peer.read_message();
    peer.send(reply);
  });
  World world;
  world.web = web.address();
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  SUBCASE("not HTTP") {
    reply = "SSH-2.0-OpenSSH\r\n\r\n";
    client.send(kGet);
    CHECK(client.read_message().status() == 502);
  }
  SUBCASE("two lengths") {
    reply = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx";
    client.send(kGet);
    CHECK(client.read_message().status() == 502);
  }
  SUBCASE("closed without an answer") {
    reply.clear();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx");
    const auto response = client.read_message();
    CHECK(response.status() == 503);
    CHECK(response.body ==
          "upstream connect error or disconnect/reset before headers. reset reason: connection "
          "termination");
  }
  SUBCASE("closed inside the body") {
    reply = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart";
    client.send(kGet);
    const std::string all = client.read_to_end();
    CHECK(all.find("200 OK") != std::string::npos);
    CHECK(all.substr(all.size() - 4) == "part");
  }
  SUBCASE("closed inside chunks: no terminating chunk reaches the client") {
    reply = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n";
    client.send(kGet);
    const std::string all = client.read_to_end();
    CHECK(all.find("part") != std::string::npos);
    CHECK(all.find("0\r\n\r\n") == std::string::npos);
  }
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

TEST_CASE("worker: requests that could be read in two ways are refused and the connection ends") {
  WorkerStage stage;
  Server web(kServerIp, echo_heads);
  World world;
  world.web = web.address();
  stage.use(world);
  struct Row {
    const char* request;
    int status;
  };
  const Row rows[] = {
      {"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
      {"POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"GET / HTTP/1.0\r\nHost: web\r\n\r\n", 426},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET /a%00b HTTP/1.1\r\nHost: web\r\n\r\n", 400},
  };
  for (const Row& row : rows) {
    Peer client = stage.connect(kHttpService);
    client.send(row.request);
    const auto response = client.read_message();
    CHECK_MESSAGE(response.status() == row.status, row.request);
    if (row.status != 400 || std::string(row.request).find("%00") == std::string::npos) {
      CHECK(response.header("connection") == "close");
      client.read_to_end();
      CHECK(client.end() == Peer::End::kEof);
    }
  }
  CHECK(web.connections() == 0);
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
  CHECK(got.find("hi early") != std::string::npos);
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

TEST_CASE("worker: a denied workload answers 403 and its application sees nothing") {
  WorkerStage stage;
  Server web(kServerIp, echo_heads);
  World world;
  world.web = web.address();
  world.denied_because = "AuthorizationPolicy shop/deny is not enforced by this version";
  stage.use(world);
  Peer client = stage.connect(kHttpService);
  client.send(kGet);
  const auto response = client.read_message();
  CHECK(response.status() == 403);
  CHECK(response.body == "RBAC: access denied");
  CHECK(web.connections() == 0);
}

TEST_CASE(
    "worker: without admission by the network nothing is dialled, and the client gets a 503") {
  WorkerStage stage;
  Server web(kServerIp, echo_heads);
  World world;
  world.web = web.address();
  stage.use(world);
  stage.mesh().set_network(LoopbackMesh::Network::kSilent);
  Peer client = stage.connect(kHttpService);
  client.send(kGet);
  const auto response = client.read_message();
  CHECK(response.status() == 503);
  CHECK(response.body.find("connection timeout") != std::string::npos);
  CHECK(stage.mesh().probes() == 1);
  stage.mesh().set_network(LoopbackMesh::Network::kAdmits);
  client.send(kGet);
  CHECK(client.read_message().status() == 200);
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
