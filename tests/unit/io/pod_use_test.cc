// SPDX-License-Identifier: Apache-2.0
#include "io/pod_use.h"

#include <doctest/doctest.h>

#include <memory>

namespace sm::io {

TEST_CASE("io: the owners of a pod share its limits, and none gets nothing") {
  const PodLimits limits{10, 21, 1000};
  CHECK(limits.share_of(1).connections == 10);
  CHECK(limits.share_of(4).connections == 3);
  CHECK(limits.share_of(4).descriptors == 6);
  CHECK(limits.share_of(4).buffer_bytes == 250);
  CHECK(limits.share_of(64).connections == 1);
  CHECK(limits.share_of(0).connections == 10);
}

TEST_CASE("io: where descriptors are few, one pod leaves a part of them to the others") {
  CHECK(PodLimits{}.within(1000).descriptors == 750);
  CHECK(PodLimits{}.within(10'000'000).descriptors == kPodDescriptorsMax);
  CHECK(PodLimits{}.within(10'000'000).connections >= 40'000);
  CHECK(PodLimits{}.within(10'000'000).descriptors >= 80'000);
}

TEST_CASE("io: a descriptor over the limit is refused, and one that was given back is not") {
  PodUse use(PodLimits{10, 2, 1000});
  auto first = use.take_descriptor();
  auto second = use.take_descriptor();
  CHECK(second.has_value());
  CHECK_FALSE(use.take_descriptor().has_value());
  DescriptorShare moved = std::move(*first);
  first.reset();
  CHECK(use.descriptors() == 2);
  moved = DescriptorShare();
  CHECK(use.descriptors() == 1);
  CHECK(use.take_descriptor().has_value());
}

TEST_CASE("io: a pod above its bytes is scarce until it is well below") {
  PodUse use(PodLimits{10, 10, 1000});
  BufferShare one = use.buffers();
  BufferShare two = use.buffers();
  one.hold(1000);
  CHECK_FALSE(use.scarce());
  CHECK(one.read_bytes() == kReadChunkBytes);
  two.hold(1);
  CHECK(use.scarce());
  CHECK(one.read_bytes() == kScarceReadBytes);
  CHECK(one.low_bytes() == 0);
  one.hold(800);
  CHECK(use.scarce());
  one.hold(749);
  CHECK_FALSE(use.scarce());
  CHECK(use.buffer_bytes() == 750);
  { const BufferShare gone = std::move(one); }
  CHECK(use.buffer_bytes() == 1);
}

TEST_CASE("io: shares may outlive the pod that they are of") {
  auto use = std::make_unique<PodUse>(PodLimits{10, 10, 1000});
  auto descriptor = use->take_descriptor();
  BufferShare buffers = use->buffers();
  buffers.hold(10);
  use.reset();
  buffers.hold(20);
  descriptor.reset();
  CHECK_FALSE(buffers.scarce());
}

TEST_CASE("io: a share made by default is nobody's") {
  BufferShare nobody;
  nobody.hold(1 << 30);
  CHECK_FALSE(nobody.scarce());
  const DescriptorShare none;
}

}  // namespace sm::io
