// SPDX-License-Identifier: Apache-2.0
// Session: one downstream connection, whatever it speaks. Owned by the SessionTable of one worker;
// one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/ip.h"
#include "io/loop.h"
#include "io/pod_net.h"
#include "io/pod_use.h"
#include "upstream/balancer.h"

namespace sm::proxy {

enum class Side : std::uint8_t {
  kOutbound,  // the application of `pod` connected somewhere
  kInbound,   // somebody connected to `pod`
  kGateway,   // somebody connected to a port of the gateway `pod`
};

// What one worker keeps for one pod that it serves or dials.
struct PodState {
  std::shared_ptr<const io::PodNet> net;
  upstream::Balancer balancer;
  std::size_t sessions = 0;
  io::PodUse use;  // what its sessions have of this worker
  PodState(std::shared_ptr<const io::PodNet> net_in, Rng& rng, const io::PodLimits& limits)
      : net(std::move(net_in)), balancer(rng), use(limits) {}
};

// Who is connected to whom; fixed when the connection is accepted.
struct ConnectionFacts {
  Side side = Side::kOutbound;
  PodState* pod = nullptr;  // outlives the session: a pod's sessions end before it is removed
  SocketAddress
      remote;  // the client: for outbound the pod's own address with the application's port
  SocketAddress local;  // what the client dialled: the original destination, or the address that it
                        // arrived at
};

class Session : public io::Mortal {
 public:
  explicit Session(ConnectionFacts facts) : x_facts(facts) {}
  const ConnectionFacts& facts() const { return x_facts; }
  // Ends at once, with a reset: its pod is gone or the daemon goes.
  virtual void abort() = 0;
  // No new request on this connection; ends by itself when what is under way is done.
  virtual void drain() = 0;
  // Another plan is in force. A byte stream that it would not let begin ends (with a reset);
  // requests are judged one by one anyway.
  virtual void plan_changed() = 0;

 private:
  ConnectionFacts x_facts;
};

}  // namespace sm::proxy
