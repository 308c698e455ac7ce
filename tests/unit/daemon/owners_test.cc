// SPDX-License-Identifier: Apache-2.0
#include "daemon/owners.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "base/limits.h"

namespace sm::daemon {

TEST_CASE("daemon: a pod keeps its owners from one call and one daemon to the next") {
  // The first number is part of the promise across restarts: a change of the hash moves every pod.
  CHECK(owners_of("sock-shop/catalogue-1", {4, 1}) == owners_of("sock-shop/catalogue-1", {4, 1}));
  CHECK(owners_of("sock-shop/catalogue-1", {1, 1}) == std::vector<unsigned>{0});
}

TEST_CASE("daemon: owners are consecutive workers, none twice, never more than there are") {
  for (const unsigned workers : {1U, 2U, 3U, 8U}) {
    for (const unsigned wanted : {1U, 2U, 5U, 100U}) {
      const auto owners = owners_of("a/b", {workers, wanted});
      CHECK(owners.size() == std::min(workers, wanted));
      CHECK(std::set<unsigned>(owners.begin(), owners.end()).size() == owners.size());
      for (std::size_t slot = 0; slot < owners.size(); ++slot) {
        CHECK(owners[slot] == (owners[0] + slot) % workers);
      }
    }
  }
}

TEST_CASE("daemon: zero wanted owners are all of them, up to the slots the kernel side has") {
  CHECK(owners_of("a/gateway", {6, 0}).size() == 6);
  CHECK(owners_of("a/gateway", {kPodOwnersMax + 10, 0}).size() == kPodOwnersMax);
}

TEST_CASE("daemon: pods are spread over the workers") {
  std::vector<unsigned> pods_of(4);
  for (int pod = 0; pod < 400; ++pod)
    ++pods_of[owners_of(fmt::format("shop/front-end-{}", pod), {4, 1})[0]];
  for (const unsigned count : pods_of) CHECK(count > 60);
}

TEST_CASE(
    "daemon: gateways and concurrency 0 want all workers, others the larger of node file and pod") {
  CHECK(wanted_owners(true, 1, 1) == 0);
  CHECK(wanted_owners(false, 1, 0) == 0);
  CHECK(wanted_owners(false, 1, 1) == 1);
  CHECK(wanted_owners(false, 3, 1) == 3);
  CHECK(wanted_owners(false, 1, 2) == 2);
}

}  // namespace sm::daemon
