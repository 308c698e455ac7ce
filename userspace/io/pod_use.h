// SPDX-License-Identifier: Apache-2.0
// PodUse: what one pod has of one worker, against its PodLimits. A descriptor and the buffers of a
// connection hold a share, which gives back what it has when it goes. Shares may outlive the
// PodUse, because objects in the graveyard do. One worker's, one thread: nothing here is atomic.
//
// Descriptors are refused at the limit. Buffers are not: above their limit the pod is `scarce`
// until it is back below kPodBufferLowPercent of it, and while it is, each of its connections reads
// at most kScarceReadBytes at a time, and only when it holds nothing itself. So reading stops where
// bytes wait, the pod holds at most its limit, what the callback that crossed it had read, and a
// small piece a direction, and no connection ever waits for another one's reader: there is nothing
// to deadlock.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "io/pod_limits.h"

namespace sm::io {

// The numbers, and a counted pointer to them that costs no atomics.
class PodLedger {
 public:
  struct Numbers {
    PodLimits limits;
    std::size_t descriptors = 0;
    std::size_t bytes = 0;
    bool scarce = false;
    std::size_t holders = 1;
  };

  PodLedger() = default;
  explicit PodLedger(const PodLimits& limits);
  PodLedger(const PodLedger& other);
  PodLedger(PodLedger&& other) noexcept : x_numbers(std::exchange(other.x_numbers, nullptr)) {}
  PodLedger& operator=(PodLedger other) noexcept {
    std::swap(x_numbers, other.x_numbers);
    return *this;
  }
  ~PodLedger();

  explicit operator bool() const { return x_numbers != nullptr; }
  Numbers* operator->() const { return x_numbers; }

 private:
  Numbers* x_numbers = nullptr;
};

// One descriptor of ours that is open for a pod; made by default, for nobody.
class DescriptorShare {
 public:
  DescriptorShare() = default;
  explicit DescriptorShare(PodLedger ledger) : x_ledger(std::move(ledger)) {
    ++x_ledger->descriptors;
  }
  DescriptorShare(DescriptorShare&&) noexcept = default;
  DescriptorShare& operator=(DescriptorShare other) noexcept {
    std::swap(x_ledger, other.x_ledger);
    return *this;
  }
  ~DescriptorShare() {
    if (x_ledger) --x_ledger->descriptors;
  }

 private:
  PodLedger x_ledger;
};

// The memory that the buffers of one connection take, for a pod; made by default, for nobody.
class BufferShare {
 public:
  BufferShare() = default;
  explicit BufferShare(PodLedger ledger) : x_ledger(std::move(ledger)) {}
  BufferShare(BufferShare&& other) noexcept
      : x_ledger(std::move(other.x_ledger)), x_bytes(std::exchange(other.x_bytes, 0)) {}
  BufferShare& operator=(BufferShare other) noexcept {
    std::swap(x_ledger, other.x_ledger);
    std::swap(x_bytes, other.x_bytes);
    return *this;
  }
  ~BufferShare() { hold(0); }

  // What the connection holds now; told at the end of each of its callbacks.
  void hold(std::size_t bytes);
  bool scarce() const { return x_ledger && x_ledger->scarce; }

  // How a connection of this pod reads and stops reading at the moment.
  std::size_t read_bytes() const { return scarce() ? kScarceReadBytes : kReadChunkBytes; }
  std::size_t high_bytes() const { return scarce() ? kScarceReadBytes : kRelayHighBytes; }
  std::size_t low_bytes() const { return scarce() ? 0 : kRelayLowBytes; }

 private:
  PodLedger x_ledger;
  std::size_t x_bytes = 0;
};

class PodUse {
 public:
  explicit PodUse(const PodLimits& limits) : x_ledger(limits) {}
  PodUse(const PodUse&) = delete;
  PodUse& operator=(const PodUse&) = delete;

  const PodLimits& limits() const { return x_ledger->limits; }
  std::size_t descriptors() const { return x_ledger->descriptors; }
  std::size_t buffer_bytes() const { return x_ledger->bytes; }
  bool scarce() const { return x_ledger->scarce; }

  // nullopt: the pod has as many as it may.
  std::optional<DescriptorShare> take_descriptor() {
    if (x_ledger->descriptors >= x_ledger->limits.descriptors) return std::nullopt;
    return DescriptorShare(x_ledger);
  }
  BufferShare buffers() { return BufferShare(x_ledger); }

 private:
  PodLedger x_ledger;
};

}  // namespace sm::io
