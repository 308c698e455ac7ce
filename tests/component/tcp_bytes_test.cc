// SPDX-License-Identifier: Apache-2.0
// Relayed TCP shows both ends the bytes and the endings of one direct connection, whatever the
// sizes, the speeds and the order in which the ends give up.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <future>

#include "component/tcp_script.h"
#include "component/worker_stage.h"

namespace sm::test {

namespace {

constexpr std::size_t kPending = 100'000;
constexpr int kConnections = 700;  // each with a few exchanges

World bytes_world(const Server& server) {
  World world;
  world.bytes = server.address();
  return world;
}

// Fills what is between here and a reader that does not read, as long as anything moves.
std::size_t fill(WorkerStage& stage, Peer& peer) {
  const std::string block(64 * 1024, 'x');
  std::size_t sent = 0;
  for (int quiet = 0; quiet < 50;) {
    const ssize_t put = ::send(peer.fd(), block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) sent += static_cast<std::size_t>(put);
    stage.sessions();
    quiet = put > 0 ? 0 : quiet + 1;
  }
  return sent;
}

}  // namespace

TEST_CASE(
    "tcp bytes: any sizes, speeds and endings, and each end sees what it would have seen "
    "directly") {
  const std::uint64_t seed = 1 + Rng(0).below(1U << 31U);
  MESSAGE("seed " << seed);
  CAPTURE(seed);
  Verdicts verdicts;
  WorkerStage stage;
  Server server(kServerIp, [&verdicts](Peer& peer) {
    std::string wire(sizeof(Script), '\0');
    // Not a byte more: the rest is the script's.
    if (::recv(peer.fd(), wire.data(), wire.size(), MSG_WAITALL) != sizeof(Script)) return;
    const Script script = Script::of(wire);
    verdicts.put(script.seed, play_server(peer, script));
  });
  stage.use(bytes_world(server));
  Rng rng(seed);
  unsigned operations = 0;
  for (int number = 0; number < kConnections; ++number) {
    const Script script = Script::draw(rng);
    CAPTURE(number);
    CAPTURE(static_cast<int>(script.ending));
    CAPTURE(script.up);
    CAPTURE(script.down);
    Peer client = stage.connect(kTcpService);
    REQUIRE(play_client(client, script, operations) == "");
    REQUIRE(verdicts.take(script.seed) == "");
  }
  CHECK(operations > 10'000);
}

TEST_CASE("tcp bytes: more than every queue on the way holds, to a reader that comes late") {
  constexpr std::size_t kMuch = 24U * 1024 * 1024;
  constexpr std::uint64_t kSeed = 77;
  WorkerStage stage;
  std::promise<void> full;
  std::promise<std::string> seen;
  Server server(kServerIp, [&](Peer& peer) {
    full.get_future().wait();
    End end(peer.fd(), 0, 0, kSeed, kSeed);
    std::string bad = end.exchange(kMuch) ? "" : "stalled";
    if (end.drain() != Peer::End::kEof) bad += " no end of stream";
    if (end.received() != kMuch) bad += " bytes are missing or too many";
    seen.set_value(end.right() ? bad : "wrong bytes");
  });
  stage.use(bytes_world(server));
  Peer client = stage.connect(kTcpService);
  std::thread sender([&] {
    constexpr std::size_t kPiece = 100'001;
    for (std::size_t at = 0; at < kMuch; at += kPiece)
      client.send(piece_of(kSeed, at, std::min(kPiece, kMuch - at)));
    client.half_close();
  });
  // Bytes wait in the worker: its own queue to the server is full.
  CHECK(stage.comes_true([&] { return stage.use_of("shop/a").buffer_bytes > 0; }));
  full.set_value();
  CHECK(seen.get_future().get() == "");
  sender.join();
}

TEST_CASE("tcp bytes: half close in both orders, with the answer long after it") {
  WorkerStage stage;
  std::promise<void> ask;
  auto asked = ask.get_future().share();
  Server client_first(kServerIp, [asked](Peer& peer) {
    const std::string all = peer.read_to_end();
    asked.wait();
    for (int i = 0; i < 100; ++i) peer.send(all);
  });
  World world = bytes_world(client_first);
  stage.use(world);
  Peer client = stage.connect(kTcpService);
  client.send("question");
  client.half_close();
  // The worker has passed the end on by now, and waits without spending anything.
  CHECK(stage.comes_true([&] { return stage.use_of("shop/a").buffer_bytes == 0; }));
  ask.set_value();
  CHECK(client.read_to_end().size() == 800);
  CHECK(client.end() == Peer::End::kEof);

  std::promise<std::string> late;
  Server server_first(kServerIp, [&late](Peer& peer) {
    peer.send("banner");
    peer.half_close();
    late.set_value(peer.read_to_end());
  });
  world = bytes_world(server_first);
  ++world.generation;
  stage.use(world);
  Peer second = stage.connect(kTcpService);
  CHECK(second.read_to_end() == "banner");
  CHECK(second.end() == Peer::End::kEof);
  CHECK(second.send(std::string(kPending, 'l')));
  second.half_close();
  CHECK(late.get_future().get().size() == kPending);
}

TEST_CASE(
    "tcp bytes: a client that resets with bytes under way resets the server, after those bytes") {
  WorkerStage stage;
  std::promise<std::pair<std::size_t, Peer::End>> seen;
  std::promise<void> sent;
  Server server(kServerIp, [&](Peer& peer) {
    peer.send("here");
    sent.get_future().wait();
    const std::size_t got = peer.read_to_end().size();
    seen.set_value({got, peer.end()});
  });
  stage.use(bytes_world(server));
  Peer client = stage.connect(kTcpService);
  // Accepted, so that the server's application sees what follows.
  REQUIRE(client.read_bytes(4) == "here");
  constexpr std::size_t kSmall =
      10'000;  // fits every window, so all of it has arrived before the reset
  client.send(std::string(kSmall, 'p'));
  int unacknowledged = 1;
  CHECK(stage.comes_true(
      [&] { return ::ioctl(client.fd(), TIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0; }));
  client.reset();
  CHECK(stage.comes_true([&] { return stage.sessions() == 0; }));
  sent.set_value();
  const auto [got, end] = seen.get_future().get();
  CHECK(got == kSmall);
  CHECK(end == Peer::End::kReset);
}

TEST_CASE("tcp bytes: an end that dies is noticed though the other one does not read") {
  for (const bool client_dies : {true, false}) {
    CAPTURE(client_dies);
    WorkerStage stage;
    std::promise<void> over;
    auto until_over = over.get_future().share();
    std::promise<Peer::End> seen;
    Server server(kServerIp, [&, until_over](Peer& peer) {
      if (client_dies) {
        // Does not read; only asks whether the connection is still there.
        pollfd wait{peer.fd(), 0, 0};
        const int events = ::poll(&wait, 1, 10'000);
        seen.set_value(events > 0 && (wait.revents & POLLERR) != 0 ? Peer::End::kReset
                                                                   : Peer::End::kOpen);
        return;
      }
      fill(stage, peer);
      peer.reset();
    });
    stage.use(bytes_world(server));
    Peer client = stage.connect(kTcpService);
    if (client_dies) {
      CHECK(fill(stage, client) > kPending);
      client.reset();
      CHECK(seen.get_future().get() == Peer::End::kReset);
    } else {
      pollfd wait{client.fd(), 0, 0};
      CHECK(::poll(&wait, 1, 10'000) == 1);
      CHECK((wait.revents & POLLERR) != 0);
    }
    CHECK(stage.comes_true([&] { return stage.sessions() == 0; }));
    over.set_value();
  }
}

TEST_CASE(
    "tcp bytes: a client that has ended its side and then dies is noticed by what comes back") {
  WorkerStage stage;
  std::promise<void> gone;
  std::promise<Peer::End> seen;
  Server server(kServerIp, [&](Peer& peer) {
    peer.read_to_end();
    gone.get_future().wait();
    while (peer.send(std::string(1000, 'r'))) {
    }
    seen.set_value(Peer::End::kReset);
  });
  stage.use(bytes_world(server));
  Peer client = stage.connect(kTcpService);
  client.send("bye");
  client.half_close();
  client.close();
  gone.set_value();
  CHECK(seen.get_future().get() == Peer::End::kReset);
}

TEST_CASE("tcp bytes: an urgent byte stays in its place in the stream, both ways") {
  WorkerStage stage;
  std::promise<std::string> seen;
  Server server(kServerIp, [&seen](Peer& peer) {
    // The application reads as most do: it knows nothing of urgent data.
    const std::string got = peer.read_bytes(7);
    ::send(peer.fd(), "12U", 3, MSG_OOB);
    peer.send("345");
    seen.set_value(got);
    peer.read_to_end();
  });
  stage.use(bytes_world(server));
  Peer client = stage.connect(kTcpService);
  client.send("abc");
  ::send(client.fd(), "!", 1, MSG_OOB);
  client.send("def");
  CHECK(seen.get_future().get() == "abc!def");
  CHECK(client.read_bytes(6) == "12U345");
}

}  // namespace sm::test
