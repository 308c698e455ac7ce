// SPDX-License-Identifier: Apache-2.0
#include "proxy/core.h"

#include <ctime>

namespace sm::proxy {

Core::Core(io::Loop& loop, io::PodSockets& sockets, telemetry::LogSink& sink,
           telemetry::Counters& counters, std::uint64_t seed)
    : x_loop(loop),
      x_sockets(sockets),
      x_counters(counters),
      x_access_log(sink),
      x_rng(seed),
      x_admissions(loop, sockets, counters),
      x_pool(loop),
      x_mirrors(*this),
      x_sessions(loop) {
  loop.set_pass_hook([this] { x_access_log.flush(); });
}

Core::~Core() {
  x_loop.set_pass_hook(nullptr);
  x_access_log.flush();
}

PodState* Core::pod(std::string_view key) {
  const auto found = x_pods.find(key);
  return found == x_pods.end() ? nullptr : found->second.get();
}

PodState& Core::add_pod(std::shared_ptr<const io::PodNet> net, const io::PodLimits& limits) {
  auto& state = x_pods[net->key];
  state = std::make_unique<PodState>(std::move(net), x_rng, limits);
  return *state;
}

std::unique_ptr<PodState> Core::take_pod(std::string_view key) {
  const auto found = x_pods.find(key);
  if (found == x_pods.end()) return nullptr;
  auto state = std::move(found->second);
  x_pods.erase(found);
  return state;
}

std::string_view Core::date() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != x_date_second) {
    x_date_second = now.tv_sec;
    tm utc{};
    gmtime_r(&now.tv_sec, &utc);
    char text[32];
    // RFC 9110 section 5.6.7; the C locale's names are the English ones it asks for, and the daemon
    // never sets another.
    const std::size_t size = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    x_date.assign(text, size);
  }
  return x_date;
}

}  // namespace sm::proxy
