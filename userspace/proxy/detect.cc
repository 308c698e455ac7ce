// SPDX-License-Identifier: Apache-2.0
#include "proxy/detect.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "proxy/start.h"

namespace sm::proxy {

Detected detect(std::string_view bytes) {
  static constexpr std::array<std::string_view, 9> kMethods = {
      "GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ", "TRACE "};
  for (const auto method : kMethods) {
    const std::size_t common = std::min(method.size(), bytes.size());
    if (bytes.substr(0, common) != method.substr(0, common)) continue;
    return bytes.size() >= method.size() ? Detected::kHttp : Detected::kMore;
  }
  return Detected::kTcp;
}

DetectSession::DetectSession(Core& core, ConnectionFacts facts,
                             std::unique_ptr<io::Transport> downstream)
    : Session(facts),
      x_core(core),
      x_transport(std::move(downstream)),
      x_limit(core.loop().timers(), *this, 0) {
  io::WatchEvents& events = *this;
  x_watch = std::make_unique<io::Watch>(core.loop(), x_transport->fd(), events);
}

void DetectSession::start() {
  x_limit.arm(kDetectSilence);
  x_watch->want(true, false);
}

void DetectSession::on_ready(bool /*readable*/, bool /*writable*/) {
  const io::IoResult result = x_transport->read(x_read.prepare(kBufferMinBytes));
  if (result.status == io::IoStatus::kAgain) return;
  if (result.status == io::IoStatus::kReset) return abort();
  if (result.status == io::IoStatus::kEof)
    return decide(Detected::kTcp);  // a half close is the relay's to pass on
  x_read.commit(result.bytes);
  const Detected what = detect(x_read.view());
  if (what != Detected::kMore) return decide(what);
  x_limit.arm(kDetectTimeout);
}

void DetectSession::on_timer(int /*tag*/) { decide(Detected::kTcp); }

void DetectSession::decide(Detected what) {
  if (std::exchange(x_over, true)) return;
  x_limit.cancel();
  x_watch->detach();
  start_detected_session(x_core, facts(), what, std::move(x_transport), std::move(x_read));
  x_core.sessions().over(*this);
}

void DetectSession::abort() {
  if (std::exchange(x_over, true)) return;
  x_limit.cancel();
  x_watch->detach();
  x_transport->reset_on_close();
  x_core.sessions().over(*this);
}

}  // namespace sm::proxy
