// SPDX-License-Identifier: Apache-2.0
// Fleet: the workers as the control thread sees them: it hands each the next batch of changes and
// is told when it has been carried out. An interface, so that the order of things can be tested
// without threads and sockets; worker_pool.h is the real one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/pod_net.h"
#include "plan/run_plan.h"

namespace sm::daemon {

// A pod that a worker is to let go of. The cookie tells an enrolment from a later one with the same
// name.
struct PodExit {
  std::string key;
  std::uint64_t netns_cookie = 0;
};

// A pod that a worker is to know, with the listeners that this worker serves (often none).
struct PodEntry {
  std::shared_ptr<const io::PodNet> pod;
  std::vector<io::PodListener> listeners;
  unsigned owners = 1;  // how many workers serve the pod
};

// What one worker does in one go, in this order, with no connection accepted in between: so it
// never serves a pod with a plan that does not know the pod, nor routes to a pod that it cannot
// dial.
struct WorkerBatch {
  std::vector<PodExit> closed;  // the kernel steers nothing to them any more
  std::vector<PodEntry> opened;
  std::shared_ptr<const plan::RunPlan> plan;  // null: unchanged
  std::vector<PodExit>
      leaving;  // the plan does not know them any more; the kernel lets go afterwards
};

class Fleet {
 public:
  virtual ~Fleet() = default;
  virtual unsigned size() const = 0;
  // `done` is called on the control thread when `worker` has carried the batch out. Batches of one
  // worker keep their order.
  virtual void carry_out(unsigned worker, WorkerBatch batch, std::function<void()> done) = 0;
};

}  // namespace sm::daemon
