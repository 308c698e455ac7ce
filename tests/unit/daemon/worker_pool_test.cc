// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker_pool.h"

#include <doctest/doctest.h>

#include <memory>
#include <thread>

#include "base/limits.h"

namespace sm::daemon {

namespace {

// A node without pods: nothing is ever dialled.
struct NoSockets final : io::PodSockets, io::OriginalDestinations {
  Result<UniqueFd> open(const io::PodNet&, const SocketAddress&, io::DialPurpose,
                        const std::optional<SocketAddress>&) override {
    return Error{ErrorCode::kUnsupported, "no network here", ""};
  }
  std::optional<SocketAddress> find(const io::PodNet&, const SocketAddress&,
                                    const SocketAddress&) override {
    return std::nullopt;
  }
};

struct Bench {
  io::Loop control;
  NoSockets sockets;
  telemetry::LogSink sink;
  WorkerPool pool;
  explicit Bench(unsigned workers) : pool(control, workers, {sockets, sockets, sink, 0}) {}

  template <class Done>
  void run_until(Done done) {
    while (!done()) control.run_once(true);
  }
};

// A plan that notes the thread on which it dies.
std::shared_ptr<const plan::RunPlan> plan_of(std::uint64_t generation, std::thread::id& grave) {
  auto made = std::make_unique<plan::RunPlan>();
  made->generation = generation;
  return std::shared_ptr<const plan::RunPlan>(made.release(), [&grave](const plan::RunPlan* plan) {
    grave = std::this_thread::get_id();
    std::default_delete<const plan::RunPlan>()(plan);
  });
}

}  // namespace

TEST_CASE("daemon: as many workers as configured, or as there are usable CPUs") {
  CHECK(worker_count(3) == 3);
  CHECK(worker_count(kWorkersMax + 5) == kWorkersMax);
  CHECK(worker_count(0) >= 1);
}

TEST_CASE("daemon: every worker carries out its batch and says so on the control thread") {
  Bench bench(3);
  unsigned done = 0;
  for (unsigned worker = 0; worker < 3; ++worker) {
    bench.pool.carry_out(worker, WorkerBatch{}, [&] {
      CHECK(bench.control.on_this_thread());
      ++done;
    });
  }
  bench.run_until([&] { return done == 3; });
  CHECK(done == 3);
}

TEST_CASE("daemon: a plan that no worker uses any more dies on the control thread") {
  std::thread::id grave;
  Bench bench(2);
  for (unsigned worker = 0; worker < 2; ++worker) {
    WorkerBatch batch;
    batch.plan = plan_of(1, grave);
    bench.pool.carry_out(worker, std::move(batch), [] {});
    WorkerBatch next;
    next.plan = std::make_shared<const plan::RunPlan>();
    bench.pool.carry_out(worker, std::move(next), [] {});
    bench.run_until([&] { return grave != std::thread::id(); });
    CHECK(grave == std::this_thread::get_id());
    grave = {};
  }
}

TEST_CASE("daemon: workers with nothing to do drain at once, told once for all") {
  Bench bench(2);
  int drained = 0;
  bench.pool.drain([&drained] { ++drained; });
  bench.run_until([&] { return drained > 0; });
  CHECK(drained == 1);
}

TEST_CASE("daemon: each worker answers what it carries, pod by pod") {
  const Bench bench(2);
  const auto loads = bench.pool.loads({"shop/a", "shop/b"});
  REQUIRE(loads.size() == 2);
  for (const auto& load : loads) {
    REQUIRE(load);
    CHECK(load->sessions == 0);
    CHECK(load->sessions_of_pod == std::vector<std::size_t>{0, 0});
  }
  CHECK(bench.pool.counters(1).read(telemetry::Metric::kRequests) == 0);
}

TEST_CASE("daemon: a pool that ends with work on its way loses no thread and no loop") {
  for (int round = 0; round < 20; ++round) {
    Bench bench(3);
    for (unsigned worker = 0; worker < 3; ++worker) {
      WorkerBatch batch;
      batch.plan = std::make_shared<const plan::RunPlan>();
      bench.pool.carry_out(worker, std::move(batch), [] {});
    }
  }
}

}  // namespace sm::daemon
