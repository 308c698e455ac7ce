// SPDX-License-Identifier: Apache-2.0
// Dialling as the daemon does: through sockets that Kernel opened in the pods.
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "bpf/agent.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace sm::capture {
namespace {

std::uint64_t cookie_of(int socket) {
  std::uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  ::getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
  return cookie;
}

using Nets = std::vector<std::shared_ptr<const io::PodNet>>;

// How many of `rounds` sockets were not in their pod's netns, or left the thread elsewhere.
int open_some(Kernel& kernel, const Nets& nets, std::uint64_t home, int rounds, int first) {
  const SocketAddress to{IpAddress(), 80};
  int wrong = 0;
  for (int i = 0; i < rounds; ++i) {
    const io::PodNet& net = *nets[static_cast<std::size_t>(first + i) % nets.size()];
    const Result<UniqueFd> socket = kernel.open(net, to, io::DialPurpose::kWire, std::nullopt);
    const UniqueFd here(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket || cookie_of(socket->get()) != net.netns_cookie || cookie_of(here.get()) != home)
      ++wrong;
    if (kernel.find(net, to, to)) ++wrong;
  }
  return wrong;
}

}  // namespace

// Connects, and for a probe waits until the sink has that very tuple. `say` is sent, the answer
// read to its end.
Json Agent::dial(const Json& command) {
  const auto pod = x_pods.find(command.at("pod").get<std::string>());
  const auto to = SocketAddress::parse(command.at("to").get<std::string>());
  if (pod == x_pods.end() || !to) return Json{{"error", "no such pod or address"}};
  const std::string purpose = command.value("purpose", "wire");
  const io::DialPurpose why = purpose == "probe" ? io::DialPurpose::kProbe
                              : purpose == "app" ? io::DialPurpose::kApplication
                                                 : io::DialPurpose::kWire;
  Result<UniqueFd> socket =
      x_kernel.open(*pod->second.net, *to, why, SocketAddress::parse(command.value("client", "")));
  if (!socket) return Json{{"error", socket.error().describe()}};
  const auto deadline = Clock::now() + std::chrono::milliseconds(command.value("timeout_ms", 2000));
  sockaddr_storage storage{};
  const socklen_t length = to->to_sockaddr(storage);
  int failed = ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0
                   ? 0
                   : errno;
  const std::string source = name_of(socket->get(), false).to_string();
  if (failed == EINPROGRESS) failed = finish(socket->get(), deadline);
  Json answer{{"errno", failed}, {"source", source}};
  if (why == io::DialPurpose::kProbe)
    answer["sunk"] =
        wait_sunk(source + ">" + to->to_string(), failed == 0 ? deadline : Clock::now());
  const std::string say = command.value("say", "hi\n");
  if (command.value("stay", false)) {  // says it, and stays connected until `release`
    if (::send(socket->get(), say.data(), say.size(), MSG_NOSIGNAL) < 0) answer["errno"] = errno;
    x_held[""].push_back(std::move(*socket));  // the pod's release does not end it
    return answer;
  }
  if (failed == 0 && why != io::DialPurpose::kProbe) answer["answer"] = talk(socket->get(), say);
  if (command.value("abort", false)) reset_on_close(socket->get());
  return answer;
}

// Every thread opens sockets in the pods in turn. Each must be in its pod's netns, and the thread
// at home afterwards.
Json Agent::open_in_threads(int threads, int rounds) {
  Nets nets;
  for (const auto& [key, pod] : x_pods) nets.push_back(pod.net);
  const std::uint64_t home = cookie_of(UniqueFd(::socket(AF_INET, SOCK_STREAM, 0)).get());
  std::atomic<int> wrong = 0;
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([this, &nets, &wrong, home, rounds, t] {
      wrong += open_some(x_kernel, nets, home, rounds, t);
    });
  }
  for (std::thread& one : running) one.join();
  return Json{{"wrong", wrong.load()}, {"opened", threads * rounds}};
}

int Agent::finish(int socket, Clock::time_point deadline) {
  while (Clock::now() < deadline) {
    if (!serve(socket, 20)) continue;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
  }
  return ETIMEDOUT;
}

bool Agent::wait_sunk(const std::string& tuple, Clock::time_point deadline) {
  for (;;) {
    for (const std::string& one : x_sunk) {
      if (one == tuple) return true;
    }
    if (Clock::now() >= deadline) return false;
    serve(-1, 20);
  }
}

std::string Agent::talk(int socket, const std::string& say) {
  if (::send(socket, say.data(), say.size(), MSG_NOSIGNAL) < 0) return "";
  std::string text;
  char bytes[4096];
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  while (Clock::now() < deadline) {
    const ssize_t got = ::recv(socket, bytes, sizeof bytes, 0);
    if (got > 0) text.append(bytes, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN)) break;
    if (got < 0) serve(-1, 5);
  }
  return text;
}

}  // namespace sm::capture
