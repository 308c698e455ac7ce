// SPDX-License-Identifier: Apache-2.0
// Protocol detection on ports that declare none (istio-behaviour.md 1.4): the first bytes decide,
// and a client that stays silent for kDetectSilence is waiting for its server to speak, so its
// connection is dialled as TCP.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "io/timer.h"
#include "io/watch.h"
#include "proxy/core.h"
#include "proxy/session.h"

namespace sm::proxy {

enum class Detected : std::uint8_t { kHttp, kTcp, kMore };
// What a connection that starts with `bytes` speaks. kMore: they are the beginning of an HTTP/1
// method. Pure.
Detected detect(std::string_view bytes);

// Reads until it is decided, then hands the transport and what was read to start_detected_session()
// and is over.
class DetectSession final : public Session, private io::WatchEvents, private io::TimerEvents {
 public:
  DetectSession(Core& core, ConnectionFacts facts, std::unique_ptr<io::Transport> downstream);

  void start();
  void abort() override;
  void drain() override { abort(); }
  void plan_changed() override {}  // what follows is started under the plan of that moment

 private:
  void on_ready(bool readable, bool writable) override;
  void on_timer(int tag) override;
  void decide(Detected what);

  Core& x_core;
  std::unique_ptr<io::Transport> x_transport;
  std::unique_ptr<io::Watch> x_watch;
  Buffer x_read;
  io::Timer x_limit;
  bool x_over = false;
};

}  // namespace sm::proxy
