// SPDX-License-Identifier: Apache-2.0
// ProbeBoard: passes the news of an admission probe from the worker whose sink accepted it to the
// workers that serve the pod with the probe's source address: they are the ones that sent it.
//
// probe_arrived() is called from any worker; set_owners() from the control thread. The table is
// immutable and replaced whole; the lock is held for one copy of a shared_ptr, and nothing else is
// shared.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/ip.h"
#include "daemon/owners.h"
#include "proxy/worker.h"

namespace sm::daemon {

class ProbeBoard final : public proxy::ProbeNews {
 public:
  // Tells one worker, from any thread, through its mailbox.
  using Tell =
      std::function<void(unsigned worker, const SocketAddress& from, const SocketAddress& to)>;

  explicit ProbeBoard(Tell tell)
      : x_tell(std::move(tell)), x_owners(std::make_shared<OwnerTable>()) {}

  void set_owners(OwnerTable owners) {
    auto next = std::make_shared<const OwnerTable>(std::move(owners));
    const std::lock_guard lock(x_lock);
    x_owners.swap(next);
  }
  // A source that no pod of this node has is nobody's probe: a tuple rewritten on its way admits
  // nobody.
  void probe_arrived(const SocketAddress& from, const SocketAddress& to) override {
    const auto owners = current();
    const auto found = owners->find(from.ip);
    if (found == owners->end()) return;
    for (const unsigned worker : found->second) x_tell(worker, from, to);
  }

 private:
  std::shared_ptr<const OwnerTable> current() const {
    const std::lock_guard lock(x_lock);
    return x_owners;
  }

  const Tell x_tell;
  mutable std::mutex x_lock;  // guards x_owners
  std::shared_ptr<const OwnerTable> x_owners;
};

}  // namespace sm::daemon
