// SPDX-License-Identifier: Apache-2.0
#include "daemon/acknowledgements.h"

#include <doctest/doctest.h>

namespace sm::daemon {

TEST_CASE("daemon: a batch is carried out when the slowest worker has") {
  Acknowledgements acks(3);
  CHECK(acks.everywhere() == 0);
  CHECK(acks.issue() == 1);
  CHECK_FALSE(acks.acknowledge(0, 1));
  CHECK_FALSE(acks.acknowledge(2, 1));
  CHECK(acks.owing(1) == std::vector<unsigned>{1});
  CHECK(acks.everywhere() == 0);
  CHECK(acks.acknowledge(1, 1));
  CHECK(acks.everywhere() == 1);
  CHECK(acks.owing(1).empty());
}

TEST_CASE("daemon: a fast worker's later batch does not speak for the others") {
  Acknowledgements acks(2);
  acks.issue();
  acks.issue();
  CHECK_FALSE(acks.acknowledge(0, 1));
  CHECK_FALSE(acks.acknowledge(0, 2));
  CHECK(acks.acknowledge(1, 1));
  CHECK(acks.everywhere() == 1);
  CHECK(acks.owing(acks.issued()) == std::vector<unsigned>{1});
  CHECK(acks.acknowledge(1, 2));
  CHECK(acks.everywhere() == 2);
}

TEST_CASE("daemon: an acknowledgement that comes twice changes nothing") {
  Acknowledgements acks(1);
  acks.issue();
  CHECK(acks.acknowledge(0, 1));
  CHECK_FALSE(acks.acknowledge(0, 1));
}

}  // namespace sm::daemon
