// SPDX-License-Identifier: Apache-2.0
// The table against loopback sockets and a network that the test plays: it alone says that a sink
// was reached.
#include "upstream/admission.h"

#include <doctest/doctest.h>

#include <memory>

#include "io/transport.h"
#include "support/loopback_mesh.h"

namespace sm::upstream {

namespace {

struct User final : AdmissionUser {
  int admitted = 0;
  int refused = 0;
  int lapsed = 0;
  void on_admitted() override { ++admitted; }
  void on_not_admitted(const Failure&) override { ++refused; }
  void on_admission_lapsed() override { ++lapsed; }
};

std::shared_ptr<const io::PodNet> pod(const char* ip, std::uint64_t cookie) {
  auto made = std::make_shared<io::PodNet>();
  made->key = std::string("shop/") + ip;
  made->netns_cookie = cookie;
  made->ips = {*IpAddress::parse(ip)};
  return made;
}

struct Stage {
  Stage() {
    mesh.on_probe = [this](const SocketAddress& source, const SocketAddress& destination) {
      probe_from = source;
      probe_to = destination;
    };
  }
  // What a listener there would do with a probe is the kernel's; here it is just something to
  // connect to.
  UniqueFd listener = test::listen_on(*IpAddress::parse("127.10.1.2"));
  SocketAddress to = io::local_address(listener.get());
  io::Loop loop;
  test::LoopbackMesh mesh;
  telemetry::Counters counters;
  AdmissionTable table{loop, mesh, counters};
  std::shared_ptr<const io::PodNet> client = pod("127.10.1.1", 1);
  std::shared_ptr<const io::PodNet> server = pod("127.10.1.2", 2);
  SocketAddress probe_from;
  SocketAddress probe_to;
};

}  // namespace

TEST_CASE("upstream: only the sink's word admits; that connect() succeeded does not") {
  Stage stage;
  User user;
  auto answer = stage.table.ask(stage.client, stage.server, stage.to, user);
  REQUIRE(answer.ticket);
  CHECK(!answer.admitted);
  // Everything that connecting can tell has been told by now.
  for (int i = 0; i < 5; ++i) stage.loop.run_once(false);
  CHECK(user.admitted == 0);
  stage.table.probe_arrived(stage.probe_from, stage.probe_to);
  CHECK(user.admitted == 1);
}

TEST_CASE("upstream: another tuple's arrival admits nobody") {
  Stage stage;
  User user;
  auto answer = stage.table.ask(stage.client, stage.server, stage.to, user);
  REQUIRE(answer.ticket);
  SocketAddress wrong_from = stage.probe_from;
  ++wrong_from.port;
  SocketAddress wrong_to = stage.probe_to;
  ++wrong_to.port;
  stage.table.probe_arrived(wrong_from, stage.probe_to);
  stage.table.probe_arrived(stage.probe_from, wrong_to);
  CHECK(user.admitted == 0);
}

TEST_CASE("upstream: many wait for one probe, and an admitted pair asks for none") {
  Stage stage;
  User first;
  User second;
  auto one = stage.table.ask(stage.client, stage.server, stage.to, first);
  auto two = stage.table.ask(stage.client, stage.server, stage.to, second);
  stage.table.probe_arrived(stage.probe_from, stage.probe_to);
  CHECK(first.admitted == 1);
  CHECK(second.admitted == 1);
  User third;
  const auto three = stage.table.ask(stage.client, stage.server, stage.to, third);
  CHECK(three.admitted);
  CHECK(stage.mesh.probes() == 1);
  CHECK(stage.counters.read(telemetry::Metric::kProbesSent) == 1);
}

TEST_CASE("upstream: an admission is for its client, its server and its port") {
  Stage stage;
  User user;
  auto held = stage.table.ask(stage.client, stage.server, stage.to, user);
  stage.table.probe_arrived(stage.probe_from, stage.probe_to);
  REQUIRE(user.admitted == 1);
  CHECK(!stage.table.ask(pod("127.10.1.3", 3), stage.server, stage.to, user).admitted);
  CHECK(!stage.table.ask(stage.client, pod("127.10.1.2", 4), stage.to, user).admitted);
  SocketAddress other_port = stage.to;
  ++other_port.port;
  CHECK(!stage.table.ask(stage.client, stage.server, other_port, user).admitted);
}

TEST_CASE("upstream: a probe that the network refuses is a refusal for all who wait, and counted") {
  Stage stage;
  stage.listener.reset();  // nobody there: connecting is refused
  User user;
  const auto answer = stage.table.ask(stage.client, stage.server, stage.to, user);
  if (answer.ticket) {
    while (user.refused == 0) stage.loop.run_once(true);
    CHECK(user.refused == 1);
  } else {
    CHECK(answer.failure.kind == FailureKind::kRemoteConnect);
  }
  CHECK(user.admitted == 0);
  CHECK(stage.counters.read(telemetry::Metric::kProbesFailed) == 1);
}

TEST_CASE("upstream: a pod that goes ends what was admitted and what waits") {
  Stage stage;
  User in_use;
  auto held = stage.table.ask(stage.client, stage.server, stage.to, in_use);
  stage.table.probe_arrived(stage.probe_from, stage.probe_to);
  User waiting;
  auto pending = stage.table.ask(pod("127.10.1.3", 3), stage.server, stage.to, waiting);
  stage.table.forget_pod(2);
  CHECK(in_use.lapsed == 1);
  CHECK(waiting.refused == 1);
  CHECK(stage.table.pairs() == 0);
}

TEST_CASE("upstream: a ticket let go of hears nothing more") {
  Stage stage;
  User user;
  { auto answer = stage.table.ask(stage.client, stage.server, stage.to, user); }
  stage.table.probe_arrived(stage.probe_from, stage.probe_to);
  stage.table.forget_pod(1);
  CHECK(user.admitted + user.refused + user.lapsed == 0);
}

}  // namespace sm::upstream
