// SPDX-License-Identifier: Apache-2.0
// A worker between TCP clients and servers: what one direct connection would show, this shows.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include "component/worker_stage.h"
#include "proxy/detect.h"

namespace sm::test {

namespace {
World world_of(const Server& server) {
  World world;
  world.bytes = server.address();
  return world;
}
}  // namespace

TEST_CASE("worker: a server that speaks first is heard") {
  WorkerStage stage;
  Server server(kServerIp, [](Peer& peer) {
    peer.send("220 hello\r\n");
    peer.read_to_end();
  });
  stage.use(world_of(server));
  Peer client = stage.connect(kTcpService);
  CHECK(client.read_until("\r\n") == "220 hello\r\n");
}

TEST_CASE(
    "worker: bytes pass in order, and a half close is passed on while the answer still comes") {
  WorkerStage stage;
  Server server(kServerIp, [](Peer& peer) {
    const std::string all = peer.read_to_end();
    peer.send(all + "bye");
  });
  stage.use(world_of(server));
  Peer client = stage.connect(kTcpService);
  std::string sent;
  for (int i = 0; i < 200'000; ++i) sent += std::to_string(i) + ",";
  std::thread sender([&] {
    client.send(sent);
    client.half_close();
  });
  const std::string got = client.read_to_end();
  sender.join();
  CHECK(got == sent + "bye");
  CHECK(client.end() == Peer::End::kEof);
}

TEST_CASE("worker: a reset of the client is a reset at the server") {
  WorkerStage stage;
  std::promise<Peer::End> seen;
  Server server(kServerIp, [&seen](Peer& peer) {
    peer.send(peer.read_bytes(4));
    peer.read_to_end();
    seen.set_value(peer.end());
  });
  stage.use(world_of(server));
  Peer client = stage.connect(kTcpService);
  client.send("ping");
  CHECK(client.read_bytes(4) == "ping");
  client.reset();
  CHECK(seen.get_future().get() == Peer::End::kReset);
}

TEST_CASE("worker: a reset of the server is a reset at the client") {
  WorkerStage stage;
  Server server(kServerIp, [](Peer& peer) {
    peer.read_bytes(4);
    peer.reset();
  });
  stage.use(world_of(server));
  Peer client = stage.connect(kTcpService);
  client.send("ping");
  client.read_to_end();
  CHECK(client.end() == Peer::End::kReset);
}

TEST_CASE(
    "worker: a TCP dial that fails ends the client with a reset, never with an end of stream") {
  WorkerStage stage;
  World world;
  {
    Server gone(kServerIp, [](Peer&) {});
    world = world_of(gone);
  }
  stage.use(world);
  Peer client = stage.connect(kTcpService);
  client.read_to_end();
  CHECK(client.end() == Peer::End::kReset);
  const std::string log = stage.access_log("inbound|");
  CHECK(log.find("\"- - -\" 0 UF ") != std::string::npos);
}

TEST_CASE("worker: a stalled reader stalls its own sender and nobody else") {
  WorkerStage stage;
  std::promise<void> read_on;
  auto go = read_on.get_future().share();
  Server server(kServerIp, [go](Peer& peer) {
    const std::string first = peer.read_bytes(1);
    if (first == "s") go.wait();
    peer.read_to_end();
  });
  stage.use(world_of(server));
  Peer stalled = stage.connect(kTcpService);
  stalled.send("s");
  // Fill everything between here and the reader until not one more byte fits.
  const std::string block(64 * 1024, 'x');
  std::size_t taken = 0;
  for (;;) {
    const ssize_t put =
        ::send(stalled.fd(), block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) {
      taken += static_cast<std::size_t>(put);
      REQUIRE(taken < 64U * 1024 * 1024);
      continue;
    }
    // Full here; if nothing drains for a moment, it is full all the way.
    pollfd wait{stalled.fd(), POLLOUT, 0};
    if (::poll(&wait, 1, 200) == 0) break;
  }
  Peer other = stage.connect(kTcpService);
  other.send("o");
  other.half_close();
  other.read_to_end();
  CHECK(other.end() == Peer::End::kEof);
  read_on.set_value();
  stalled.half_close();
  stalled.read_to_end();
  CHECK(stalled.end() == Peer::End::kEof);
}

TEST_CASE("worker: a captured connection without a wish is reset and counted") {
  WorkerStage stage;
  stage.use(World{});
  Peer client = stage.connect(kTcpService);
  // The wish of this client is under another port.
  Peer stranger = Peer::bound(*IpAddress::parse("127.0.0.1"));
  stranger.connect(stage.outbound_of("shop/a"));
  stranger.read_to_end();
  CHECK(stranger.end() == Peer::End::kReset);
  CHECK(stage.count(telemetry::Metric::kNoWish) == 1);
}

TEST_CASE(
    "worker: an application that dials the arrival listener itself is reset, not served in a "
    "circle") {
  WorkerStage stage;
  stage.use(World{});
  Peer client = stage.arrive("shop/server");
  client.read_to_end();
  CHECK(client.end() == Peer::End::kReset);
  CHECK(stage.count(telemetry::Metric::kNoWish) == 1);
  CHECK(stage.count(telemetry::Metric::kDownstreamOpened) == 1);
  CHECK(stage.sessions() == 0);
}

TEST_CASE("worker: a denied workload's TCP port resets the client") {
  WorkerStage stage;
  Server server(kServerIp, [](Peer& peer) { peer.send("secret"); });
  World world = world_of(server);
  world.denied_because = "policy";
  stage.use(world);
  Peer client = stage.connect(kTcpService);
  CHECK(client.read_to_end().empty());
  CHECK(client.end() == Peer::End::kReset);
  CHECK(server.connections() == 0);
}

TEST_CASE("worker: a port that the server's pod leaves out is dialled over the network, unasked") {
  WorkerStage stage;
  Server server(
      kServerIp,
      [](Peer& peer) {
        peer.send("hello");
        peer.read_to_end();
      },
      Server::Clients::kAnywhere);
  World world = world_of(server);
  world.server_lists.in_ports_exclude = {server.address().port};
  // Neither its policy nor an admission stands in the way: its connections there are not ours.
  world.denied_because = "policy";
  stage.use(world);
  stage.mesh().set_network(LoopbackMesh::Network::kSilent);
  Peer client = stage.connect(kTcpService);
  CHECK(client.read_until("hello") == "hello");
  CHECK(stage.mesh().probes() == 0);
  client.close();
  CHECK(stage.access_log("outbound|9090").find("inbound|") == std::string::npos);
}

TEST_CASE("worker: lists that change leave a connection that is open alone, both ways") {
  WorkerStage stage;
  Server server(
      kServerIp,
      [](Peer& peer) {
        while (!peer.read_until("?").empty()) peer.send("!");
      },
      Server::Clients::kAnywhere);
  World world = world_of(server);
  stage.use(world);
  Peer before = stage.connect(kTcpService);
  const auto works = [](Peer& peer) {
    peer.send("?");
    return peer.read_until("!") == "!";
  };
  CHECK(works(before));
  CHECK(stage.mesh().probes() == 1);
  ++world.generation;
  world.server_lists.in_ports_exclude = {server.address().port};
  stage.use(world);
  CHECK(works(before));
  Peer between = stage.connect(kTcpService);
  CHECK(works(between));
  CHECK(stage.mesh().probes() == 1);
  ++world.generation;
  world.server_lists = {};
  stage.use(world);
  CHECK(works(before));
  CHECK(works(between));
}

TEST_CASE("detect: a method and a space is HTTP, its beginning is not decided, all else is TCP") {
  using proxy::Detected;
  CHECK(proxy::detect("GET / HTTP/1.1") == Detected::kHttp);
  CHECK(proxy::detect("PO") == Detected::kMore);
  CHECK(proxy::detect("") == Detected::kMore);
  CHECK(proxy::detect("POSTAL") == Detected::kTcp);
  CHECK(proxy::detect("\x16\x03\x01") == Detected::kTcp);
  CHECK(proxy::detect("get / ") == Detected::kTcp);
}

}  // namespace sm::test
