// SPDX-License-Identifier: Apache-2.0
#include "telemetry/counters.h"

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <thread>

namespace sm::telemetry {

TEST_CASE("telemetry: a counter adds up, alone and over workers") {
  Counters one;
  Counters two;
  one.add(Metric::kRequests);
  one.add(Metric::kRequests, 4);
  two.add(Metric::kRequests, 10);
  two.add(Metric::kDenied);
  const std::array<const Counters*, 2> workers = {&one, &two};
  CHECK(one.read(Metric::kRequests) == 5);
  CHECK(one.read(Metric::kDenied) == 0);
  CHECK(sum(workers, Metric::kRequests) == 15);
  CHECK(sum(workers, Metric::kDenied) == 1);
  CHECK(sum({}, Metric::kDenied) == 0);
}

TEST_CASE("telemetry: every metric has a name of its own and a help text") {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < static_cast<unsigned>(Metric::kCount); ++i) {
    const MetricInfo& entry = info(static_cast<Metric>(i));
    CHECK_FALSE(entry.help.empty());
    names.insert(entry.name);
  }
  CHECK(names.size() == static_cast<std::size_t>(Metric::kCount));
  CHECK(info(Metric::kDownstreamOpened).name == "downstream_opened");
  CHECK(info(Metric::kProtocolErrors).name == "protocol_errors");
}

TEST_CASE("telemetry: a counter may be read while its worker writes") {
  Counters counters;
  std::thread worker([&counters] {
    for (int i = 0; i < 100'000; ++i) counters.add(Metric::kRequests);
  });
  std::uint64_t last = 0;
  while (last < 100'000) {
    const std::uint64_t now = counters.read(Metric::kRequests);
    REQUIRE(now >= last);
    last = now;
  }
  worker.join();
  CHECK(counters.read(Metric::kRequests) == 100'000);
}

}  // namespace sm::telemetry
