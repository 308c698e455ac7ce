// SPDX-License-Identifier: Apache-2.0
// The smallest daemon that libcapture makes possible, for capture_test.py: it enrols pods, answers
// each accepted connection with one line about it, dials when told, and reports. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "capture/capture.h"
#include "capture/enrolment.h"
#include "parking.h"

namespace sm::capture {

class Agent final : public EnrolmentEvents {
 public:
  explicit Agent(Kernel& kernel) : x_kernel(kernel), x_enrolment(kernel, *this) {}

  // One JSON command a line on standard input, one JSON answer a line on standard output, until
  // `quit` or the end of the input.
  void run();

  void on_pod_open(std::shared_ptr<const io::PodNet> pod,
                   std::vector<io::PodListener> listeners) override;
  void on_pod_close(const std::string& key, std::uint64_t netns_cookie) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct OpenPod {
    std::shared_ptr<const io::PodNet> net;
    std::vector<io::PodListener> listeners;
  };

  // Waits for anything: commands, connections, and `dial` to become writable. Returns whether
  // `dial` did.
  bool serve(int dial, int timeout_ms);
  void accept_all(const OpenPod& pod, const io::PodListener& listener);
  std::string line_for(const OpenPod& pod, const io::PodListener& listener, int socket);
  bool read_commands(std::string& input);
  Json obey(const Json& command);
  Json statuses();
  Json counters();
  Json facts();
  Json watch();
  Json self_test(int milliseconds);

  // agent_dial.cc
  Json dial(const Json& command);
  Json open_in_threads(int threads, int rounds);
  int finish(int socket, Clock::time_point deadline);
  bool wait_sunk(const std::string& tuple, Clock::time_point deadline);
  std::string talk(int socket, const std::string& say);

  Kernel& x_kernel;
  Enrolment x_enrolment;
  std::map<std::string, OpenPod> x_pods;
  std::map<std::string, std::vector<UniqueFd>> x_held;
  std::vector<std::pair<std::string, std::uint64_t>> x_opened;
  std::map<std::string, unsigned> x_accepted;
  std::vector<std::string> x_sunk;
  Parking x_parking;
  bool x_stdin_ready = false;
  bool x_hold = false;
  bool x_done = false;
};

SocketAddress name_of(int socket, bool peer);
void reset_on_close(int socket);

}  // namespace sm::capture
