// SPDX-License-Identifier: Apache-2.0
#include "io/pod_use.h"

namespace sm::io {

PodLedger::PodLedger(const PodLimits& limits) : x_numbers(new Numbers{limits}) {}

PodLedger::PodLedger(const PodLedger& other) : x_numbers(other.x_numbers) {
  if (x_numbers != nullptr) ++x_numbers->holders;
}

PodLedger::~PodLedger() {
  if (x_numbers != nullptr && --x_numbers->holders == 0) delete x_numbers;
}

void BufferShare::hold(std::size_t bytes) {
  if (!x_ledger || bytes == x_bytes) return;
  x_ledger->bytes += bytes - x_bytes;  // wraps around and back when there are fewer
  x_bytes = bytes;
  const std::size_t limit = x_ledger->limits.buffer_bytes;
  if (x_ledger->bytes > limit) {
    x_ledger->scarce = true;
  } else if (x_ledger->bytes <= limit / 100 * kPodBufferLowPercent) {
    x_ledger->scarce = false;
  }
}

}  // namespace sm::io
