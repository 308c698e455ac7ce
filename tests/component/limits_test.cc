// SPDX-License-Identifier: Apache-2.0
// What one pod may take of a worker, what happens at the limit, and what an idle connection keeps.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <future>
#include <list>

#include "base/rng.h"
#include "component/worker_stage.h"

namespace sm::test {

namespace {

using telemetry::Metric;

io::PodLimits limits_of(std::size_t connections, std::size_t descriptors, std::size_t bytes) {
  return {connections, descriptors, bytes};
}

World bytes_world(const Server& server) {
  World world;
  world.bytes = server.address();
  return world;
}

void echo(Peer& peer) {
  for (std::string got; !(got = peer.read_bytes(1)).empty();) peer.send(got);
}

bool echoes(Peer& client) { return client.send("x") && client.read_bytes(1) == "x"; }

void answer(Peer& peer) {
  while (!peer.read_message().head.empty())
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
}

Peer::Message get(Peer& client) {
  client.send("GET / HTTP/1.1\r\nhost: web\r\n\r\n");
  return client.read_message();
}

// The checks of virtual calls ask the kernel through a pipe whether memory is readable, and take
// the answer "no descriptor" for "no": where they are compiled in, nothing can be said without
// descriptors.
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer) || __has_feature(address_sanitizer)
#define SM_CHECKS_NEED_DESCRIPTORS true
#endif
#endif
#if !defined(SM_CHECKS_NEED_DESCRIPTORS)
#define SM_CHECKS_NEED_DESCRIPTORS false
#endif
constexpr bool kChecksNeedDescriptors = SM_CHECKS_NEED_DESCRIPTORS;

// Lets this process have no descriptor more than it has, while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &x_before);
    const UniqueFd next(::fcntl(0, F_DUPFD_CLOEXEC, 0));
    rlimit now = x_before;
    now.rlim_cur = static_cast<rlim_t>(next.get());
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &x_before); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit x_before{};
};

// Sends what the connection takes without waiting; false when it takes nothing.
bool push(Peer& peer, std::string_view block, std::size_t& sent) {
  const ssize_t put = ::send(peer.fd(), block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (put <= 0) return false;
  sent += static_cast<std::size_t>(put);
  return true;
}

}  // namespace

TEST_CASE("limits: a connection over its pod's limit is reset at once, and no other pod notices") {
  WorkerStage stage(limits_of(3, 100, 1 << 20));
  Server server(kServerIp, echo);
  stage.use(bytes_world(server));
  std::list<Peer> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(stage.connect(kTcpService));
    CHECK(echoes(held.back()));
  }
  Peer over = stage.connect(kTcpService);
  over.read_to_end();
  CHECK(over.end() == Peer::End::kReset);
  CHECK(stage.count(Metric::kPodConnectionsRefused) == 1);
  Peer neighbour = stage.connect(kTcpService, "shop/b");
  CHECK(echoes(neighbour));
  held.pop_back();
  REQUIRE(stage.comes_true([&] { return stage.sessions() == 3; }));
  Peer again = stage.connect(kTcpService);
  CHECK(echoes(again));
  CHECK(stage.count(Metric::kPodConnectionsRefused) == 1);
}

TEST_CASE("limits: dials count too; without a descriptor for one the client is reset") {
  WorkerStage stage(limits_of(100, 3, 1 << 20));
  Server server(kServerIp, echo);
  stage.use(bytes_world(server));
  Peer first = stage.connect(kTcpService);
  CHECK(echoes(first));
  CHECK(stage.use_of("shop/a").descriptors == 2);
  Peer second = stage.connect(kTcpService);
  second.read_to_end();
  CHECK(second.end() == Peer::End::kReset);
  CHECK(stage.count(Metric::kPodDialsRefused) == 1);
  CHECK(stage.count(Metric::kPodConnectionsRefused) == 0);
  first.close();
  REQUIRE(stage.comes_true([&] { return stage.use_of("shop/a").descriptors == 0; }));
  Peer third = stage.connect(kTcpService);
  CHECK(echoes(third));
}

TEST_CASE("limits: pooled connections count; a request without a descriptor is answered 503") {
  WorkerStage stage(limits_of(100, 3, 1 << 20));
  Server server(kServerIp, answer);
  World world;
  world.web = server.address();
  stage.use(world);
  Peer first = stage.connect(kHttpService);
  CHECK(get(first).status() == 200);
  Peer second = stage.connect(kHttpService);
  CHECK(get(second).status() == 200);  // takes the pooled one over
  CHECK(stage.use_of("shop/a").descriptors == 3);
  // Both connections ask at once, so one needs a dial of its own.
  std::promise<void> go_on;
  auto go = go_on.get_future().share();
  Server slow(kServerIp, [go](Peer& peer) {
    peer.read_message();
    go.wait();
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    peer.read_to_end();
  });
  world.web = slow.address();
  ++world.generation;
  stage.use(world);
  const Peer::Message refused = get(second);
  CHECK(refused.status() == 503);
  CHECK(refused.body.find("local connection failure") != std::string::npos);
  CHECK(stage.count(Metric::kPodDialsRefused) == 1);
  go_on.set_value();
}

TEST_CASE("limits: a dial that finds no descriptor is our failure, and the next one works") {
  WorkerStage stage;
  Server web(kServerIp, answer);
  Server bytes(kServerIp, echo);
  World world;
  world.web = web.address();
  world.bytes = bytes.address();
  stage.use(world);
  stage.mesh().fail_opens(system_error("socket", EMFILE));
  Peer client = stage.connect(kHttpService);
  CHECK(get(client).status() == 503);
  Peer stream = stage.connect(kTcpService);
  stream.read_to_end();
  CHECK(stream.end() == Peer::End::kReset);
  stage.mesh().fail_opens(std::nullopt);
  CHECK(get(client).status() == 200);
  Peer next = stage.connect(kTcpService);
  CHECK(echoes(next));
  CHECK(web.connections() == 1);
}

TEST_CASE("limits: out of descriptors, accepting pauses without spinning and goes on afterwards" *
          doctest::skip(kChecksNeedDescriptors)) {
  WorkerStage stage;
  Server server(kServerIp, echo);
  stage.use(bytes_world(server));
  Peer client = Peer::bound(*IpAddress::parse("127.0.0.1"));
  stage.mesh().wish(client.port(), kTcpService);
  {
    const NoDescriptors none;
    const auto began = std::chrono::steady_clock::now();
    client.connect(stage.outbound_of("shop/a"));
    REQUIRE(stage.comes_true([&] { return stage.count(Metric::kAcceptFailed) >= 3; }));
    const auto tries = stage.count(Metric::kAcceptFailed);
    const auto lasted = std::chrono::steady_clock::now() - began;
    // One try at once, then one a pause.
    CHECK(lasted >= 2 * kAcceptPause);
    CHECK(tries <= 1 + static_cast<std::uint64_t>(lasted / kAcceptPause));
  }
  CHECK(echoes(client));
}

TEST_CASE("limits: a pod above its bytes is read in small pieces, and none of its streams stands") {
  constexpr std::size_t kLimit = 512 * 1024;
  constexpr std::size_t kStalled = 24;  // 64 KiB each would be three times the limit
  WorkerStage stage(limits_of(100, 200, kLimit));
  std::promise<void> read_on;
  auto go = read_on.get_future().share();
  std::atomic<std::size_t> received{0};
  Server server(kServerIp, [go, &received](Peer& peer) {
    if (peer.read_bytes(1) == "e") {
      peer.send("e");
      return echo(peer);
    }
    go.wait();
    received += 1 + peer.read_to_end().size();
  });
  stage.use(bytes_world(server));
  const std::string block(64 * 1024, 's');
  std::list<Peer> stalled;
  std::size_t sent = 0;
  for (std::size_t i = 0; i < kStalled; ++i) {
    stalled.push_back(stage.connect(kTcpService));
    while (push(stalled.back(), block, sent)) {
    }
  }
  // Full when a whole round brings nothing more, the worker having had its turn in between.
  for (int quiet = 0; quiet < 50;) {
    bool moved = false;
    for (Peer& peer : stalled) moved = push(peer, block, sent) || moved;
    stage.sessions();
    quiet = moved ? 0 : quiet + 1;
  }
  const auto use = stage.use_of("shop/a");
  CHECK(use.scarce);
  CHECK(use.buffer_bytes > kLimit);
  // Each of those that came late holds a small piece; the one that met the mark, a whole one.
  CHECK(use.buffer_bytes <= kLimit + kReadChunkBytes + kStalled * kScarceReadBytes);
  Peer lively = stage.connect(kTcpService);
  lively.send("e");
  CHECK(lively.read_bytes(1) == "e");
  const std::string big(300'000, 'b');
  std::thread sender([&] { lively.send(big); });
  CHECK(lively.read_bytes(big.size()) == big);
  sender.join();
  read_on.set_value();
  for (Peer& peer : stalled) {
    peer.half_close();
    peer.read_to_end();
  }
  CHECK(received == sent);
  CHECK(stage.comes_true([&] { return !stage.use_of("shop/a").scarce; }));
}

TEST_CASE("limits: HTTP bodies pass both ways while the pod is above its bytes") {
  constexpr std::size_t kTimes = 16;  // more than the queues of the kernel take
  // One byte: whoever holds anything makes the pod scarce, so every mark is crossed all the time.
  WorkerStage stage(limits_of(100, 200, 1));
  Server server(kServerIp, [](Peer& peer) {
    const Peer::Message request = peer.read_message();
    std::string body;
    for (std::size_t time = 0; time < kTimes; ++time) body += request.body;
    peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    // Many small chunks, then few large ones.
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t size = std::min<std::size_t>(at < 20'000 ? 7 : 50'000, body.size() - at);
      char head[16];
      std::snprintf(head, sizeof head, "%zx\r\n", size);
      peer.send(head + body.substr(at, size) + "\r\n");
      at += size;
    }
    peer.send("0\r\n\r\n");
  });
  World world;
  world.web = server.address();
  stage.use(world);
  Rng rng(5);
  std::string body;
  while (body.size() < 700'000) body += static_cast<char>('a' + rng.below(26));
  Peer client = stage.connect(kHttpService);
  const int small = 256 * 1024;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  std::thread sender([&] {
    client.send("POST / HTTP/1.1\r\nhost: web\r\ncontent-length: " + std::to_string(body.size()) +
                "\r\n\r\n");
    client.send(body);
  });
  sender.join();
  // Nobody reads: the answer fills every queue, then waits in the worker: what one callback read.
  REQUIRE(stage.comes_true([&] { return stage.use_of("shop/a").buffer_bytes > 0; }));
  CHECK(stage.use_of("shop/a").buffer_bytes <= 2 * kRelayHighBytes);
  const Peer::Message got = client.read_message();
  CHECK(got.status() == 200);
  CHECK(got.body.size() == kTimes * body.size());
  for (std::size_t time = 0; time < kTimes; ++time)
    CHECK(got.body.compare(time * body.size(), body.size(), body) == 0);
}

TEST_CASE("limits: an idle connection holds no buffer, before, between and within its requests") {
  WorkerStage stage;
  std::promise<void> answered;
  auto go = answered.get_future().share();
  Server web(kServerIp, [go](Peer& peer) {
    peer.read_message();
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    peer.read_message();
    go.wait();
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    peer.read_to_end();
  });
  Server bytes(kServerIp, echo);
  World world;
  world.web = web.address();
  world.bytes = bytes.address();
  stage.use(world);
  // Asked on the worker's own thread, so after the callback that brought the last answer.
  const auto held = [&] { return stage.use_of("shop/a").buffer_bytes; };
  Peer silent = stage.connect(kHttpService);
  Peer client = stage.connect(kHttpService);
  CHECK(get(client).status() == 200);
  Peer stream = stage.connect(kTcpService);
  CHECK(echoes(stream));
  CHECK(stage.comes_true([&] { return stage.use_of("shop/a").descriptors == 5; }));
  CHECK(held() == 0);
  // A request whose answer takes its time.
  client.send("GET / HTTP/1.1\r\nhost: web\r\n\r\n");
  REQUIRE(stage.comes_true([&] { return stage.count(Metric::kRequests) == 2; }));
  CHECK(held() == 0);
  answered.set_value();
  CHECK(client.read_message().body == "ok");
}

}  // namespace sm::test
