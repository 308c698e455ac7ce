// SPDX-License-Identifier: Apache-2.0
// Acceptor: one listening socket in a pod's namespace. Takes connections, finds out where they
// wanted to go, and starts the session that fits; one more than its pod may have is reset at once.
// Owned by the Worker, one thread. Out of descriptors or memory, it pauses for kAcceptPause instead
// of spinning.
#pragma once

#include "io/pod_net.h"
#include "io/pod_sockets.h"
#include "io/timer.h"
#include "io/transport.h"
#include "io/watch.h"
#include "proxy/core.h"
#include "proxy/worker.h"

namespace sm::proxy {

class Acceptor final : public io::Mortal, private io::WatchEvents, private io::TimerEvents {
 public:
  Acceptor(Core& core, PodState& pod, io::PodListener listener,
           io::OriginalDestinations& destinations, ProbeNews& probes);
  void stop();
  const PodState& pod() const { return x_pod; }

 private:
  void on_ready(bool readable, bool writable) override;
  void on_timer(int tag) override;
  void take(UniqueFd fd, const SocketAddress& peer);
  void take_outbound(std::unique_ptr<io::Transport> transport, const SocketAddress& peer,
                     const SocketAddress& local);
  void take_inbound(std::unique_ptr<io::Transport> transport, const SocketAddress& peer,
                    const SocketAddress& local);
  void answer_self_test(io::Transport& transport);
  void pause(int error_number);

  Core& x_core;
  PodState& x_pod;
  io::PodListener x_listener;  // before its watch
  io::OriginalDestinations& x_destinations;
  ProbeNews& x_probes;
  io::Watch x_watch;
  io::Timer x_resume;
  bool x_short = false;  // an episode without descriptors or memory
};

}  // namespace sm::proxy
