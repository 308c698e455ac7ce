// SPDX-License-Identifier: Apache-2.0
// A worker between real HTTP clients and servers: what cannot be answered, and what is refused.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <latch>

#include "component/http_peers.h"
#include "component/worker_stage.h"

namespace sm::test {

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
  CHECK(stage.count(telemetry::Metric::kProbesSent) == 1);
  CHECK(stage.count(telemetry::Metric::kProbesFailed) == 1);
  stage.mesh().set_network(LoopbackMesh::Network::kAdmits);
  client.send(kGet);
  CHECK(client.read_message().status() == 200);
}

}  // namespace sm::test
