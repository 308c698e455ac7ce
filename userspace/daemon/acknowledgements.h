// SPDX-License-Identifier: Apache-2.0
// Acknowledgements: which batches of changes each worker has carried out. Pure bookkeeping of the
// control thread. Batches are numbered from 1 and go to every worker; a worker acknowledges them in
// order, because its mailbox keeps the order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"

namespace sm::daemon {

class Acknowledgements {
 public:
  explicit Acknowledgements(unsigned workers) : x_done(workers, 0) { SM_ASSERT(workers > 0); }

  // The number of a new batch, which from now on every worker owes.
  std::uint64_t issue() { return ++x_issued; }
  // `worker` has carried out `batch` (and all before it). True when this was the last worker that
  // owed it.
  bool acknowledge(unsigned worker, std::uint64_t batch) {
    SM_ASSERT(worker < x_done.size() && batch <= x_issued);
    const std::uint64_t before = everywhere();
    x_done[worker] = std::max(x_done[worker], batch);
    return everywhere() > before;
  }
  std::uint64_t issued() const { return x_issued; }
  // The newest batch that every worker has carried out.
  std::uint64_t everywhere() const { return *std::min_element(x_done.begin(), x_done.end()); }
  // The workers that have not carried out `batch` yet.
  std::vector<unsigned> owing(std::uint64_t batch) const {
    std::vector<unsigned> workers;
    for (unsigned index = 0; index < x_done.size(); ++index) {
      if (x_done[index] < batch) workers.push_back(index);
    }
    return workers;
  }

 private:
  std::uint64_t x_issued = 0;
  std::vector<std::uint64_t> x_done;
};

}  // namespace sm::daemon
