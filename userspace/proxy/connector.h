// SPDX-License-Identifier: Apache-2.0
// Connector: brings one upstream connection up for somebody who wants the bare socket (a TCP
// relay): admission first where a target asks for it, then the dial. Owned by a session, one
// thread. Destroying it gives everything up.
#pragma once

#include <memory>

#include "io/timer.h"
#include "io/transport.h"
#include "io/watch.h"
#include "proxy/target.h"
#include "upstream/admission.h"
#include "upstream/failure.h"

namespace sm::proxy {

class ConnectorEvents {
 public:
  // `admission` (may be null) has to be kept while the connection lives.
  virtual void on_connected(std::unique_ptr<io::Transport> upstream,
                            std::unique_ptr<upstream::AdmissionTicket> admission) = 0;
  virtual void on_connect_failed(const upstream::Failure& failure) = 0;

 protected:
  ~ConnectorEvents() = default;
};

class Connector final : public io::Mortal,
                        private upstream::AdmissionUser,
                        private io::WatchEvents,
                        private io::TimerEvents {
 public:
  Connector(Core& core, std::shared_ptr<const io::PodNet> client, Target target,
            ConnectorEvents& events);
  ~Connector() override;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // May call the events at once.
  void start();

 private:
  void dial();
  void on_admitted() override { dial(); }
  void on_not_admitted(const upstream::Failure& failure) override {
    x_events.on_connect_failed(failure);
  }
  void on_admission_lapsed() override;
  void on_ready(bool readable, bool writable) override;
  void on_timer(int tag) override;
  void succeed();

  Core& x_core;
  std::shared_ptr<const io::PodNet> x_client;
  Target x_target;
  ConnectorEvents& x_events;
  std::unique_ptr<upstream::AdmissionTicket> x_admission;
  std::unique_ptr<io::Transport> x_transport;  // before its watch
  std::unique_ptr<io::Watch> x_watch;
  io::Timer x_limit;
};

}  // namespace sm::proxy
