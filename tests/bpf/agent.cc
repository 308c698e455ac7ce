// SPDX-License-Identifier: Apache-2.0
#include "bpf/agent.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "bpf/pod_wishes.h"
#include "io/pod_sockets.h"

namespace sm::capture {
namespace {

const char* kind_name(io::ListenerKind kind) {
  switch (kind) {
    case io::ListenerKind::kOutbound:
      return "out";
    case io::ListenerKind::kInbound:
      return "in";
    case io::ListenerKind::kSink:
      return "sink";
  }
  return "?";
}

}  // namespace

SocketAddress name_of(int socket, bool peer) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  const int failed =
      peer ? ::getpeername(socket, address, &length) : ::getsockname(socket, address, &length);
  return failed == 0 ? SocketAddress::from_sockaddr(address) : SocketAddress{};
}

void reset_on_close(int socket) {
  const linger now{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Agent::run() {
  std::string input;
  while (!x_done) {
    serve(-1, 1000);
    if (x_stdin_ready && !read_commands(input)) return;
  }
}

void Agent::on_pod_open(std::shared_ptr<const io::PodNet> pod,
                        std::vector<io::PodListener> listeners) {
  const std::string key = pod->key;
  const std::uint64_t cookie = pod->netns_cookie;
  x_pods[key] = OpenPod{std::move(pod), std::move(listeners)};
  x_opened.emplace_back(key, cookie);
}

void Agent::on_pod_close(const std::string& key, std::uint64_t) {
  x_pods.erase(key);
  x_held.erase(key);
}

bool Agent::serve(int dial, int timeout_ms) {
  std::vector<pollfd> fds = {{0, POLLIN, 0}};
  std::vector<std::pair<std::string, std::size_t>> whose;
  if (dial >= 0) fds.push_back({dial, POLLOUT, 0});
  for (auto& [key, pod] : x_pods) {
    for (std::size_t i = 0; i < pod.listeners.size(); ++i) {
      if (!pod.listeners[i].fd.valid()) continue;
      fds.push_back({pod.listeners[i].fd.get(), POLLIN, 0});
      whose.emplace_back(key, i);
    }
  }
  if (::poll(fds.data(), fds.size(), timeout_ms) < 0) return false;
  x_stdin_ready = fds[0].revents != 0;
  const std::size_t first = dial >= 0 ? 2 : 1;
  for (std::size_t i = first; i < fds.size(); ++i) {
    if (fds[i].revents == 0) continue;
    const auto& [key, index] = whose[i - first];
    accept_all(x_pods.at(key), x_pods.at(key).listeners[index]);
  }
  return dial >= 0 && fds[1].revents != 0;
}

void Agent::accept_all(const OpenPod& pod, const io::PodListener& listener) {
  for (;;) {
    UniqueFd socket(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid()) return;
    ++x_accepted[std::string(kind_name(listener.kind)) + std::to_string(listener.slot)];
    const SocketAddress peer = name_of(socket.get(), true);
    const SocketAddress local = name_of(socket.get(), false);
    if (listener.kind == io::ListenerKind::kSink) {
      x_sunk.push_back(peer.to_string() + ">" + local.to_string());
      reset_on_close(socket.get());
      continue;
    }
    const std::string text = line_for(pod, listener, socket.get());
    if (::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0)
      reset_on_close(socket.get());
    if (x_parking.open()) {
      const Result<> parked = x_parking.park(std::move(socket));
      if (!parked) ++x_accepted["not_parked"];
      continue;
    }
    if (x_hold) x_held[pod.net->key].push_back(std::move(socket));
  }
}

// What the peer is told of its connection.
std::string Agent::line_for(const OpenPod& pod, const io::PodListener& listener, int socket) {
  const SocketAddress peer = name_of(socket, true);
  const SocketAddress local = name_of(socket, false);
  Json line;
  line["kind"] = kind_name(listener.kind);
  line["pod"] = pod.net->key;
  line["slot"] = listener.slot;
  line["peer"] = peer.to_string();
  line["local"] = local.to_string();
  if (listener.kind == io::ListenerKind::kOutbound) {
    const auto wish = x_kernel.find(*pod.net, peer, local);
    if (wish && *wish == io::self_test_destination(wish->ip.family())) return pod.net->key;
    line["wish"] = wish ? wish->to_string() : "none";
    if (!wish) ++x_accepted["without_wish"];
  }
  return dump_json(line) + "\n";
}

bool Agent::read_commands(std::string& input) {
  char bytes[65536];
  const ssize_t got = ::read(0, bytes, sizeof bytes);
  if (got <= 0) return false;
  input.append(bytes, static_cast<std::size_t>(got));
  for (std::size_t end = input.find('\n'); end != std::string::npos; end = input.find('\n')) {
    const Result<Json> command = parse_json(input.substr(0, end));
    input.erase(0, end + 1);
    const Json answer = command ? obey(*command) : Json{{"error", command.error().text}};
    const std::string text = dump_json(answer) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  return true;
}

Json Agent::obey(const Json& command) {
  const std::string verb = command.value("do", "");
  if (verb == "reconcile") {
    x_enrolment.reconcile(wishes_of(command.at("pods")));
    return statuses();
  }
  if (verb == "retry") {
    x_enrolment.retry();
    return statuses();
  }
  if (verb == "facts") return facts();
  if (verb == "counters") return counters();  // without a walk through the maps
  if (verb == "dial") return dial(command);
  if (verb == "open-in-threads")
    return open_in_threads(command.value("threads", 4), command.value("rounds", 100));
  if (verb == "park") {
    x_parking.close();
    for (const std::string& path : command.value("at", std::vector<std::string>())) {
      const Result<> added = x_parking.add(path);
      if (!added) return Json{{"error", added.error().describe()}};
    }
  }
  if (verb == "hold") x_hold = command.value("on", false);
  if (verb == "release") x_held.clear();
  if (verb == "worker")
    x_enrolment.set_worker_serving(command.at("worker").get<unsigned>(),
                                   command.at("serving").get<bool>());
  if (verb == "watch") return watch();
  if (verb == "self-test") return self_test(command.value("milliseconds", 100));
  if (verb == "quit") x_done = true;
  return Json{{"ok", true}};
}

Json Agent::statuses() {
  for (const auto& [key, cookie] : x_opened) x_enrolment.mark_ready(key, cookie);
  x_opened.clear();
  Json answer = Json::object();
  for (const PodStatus& one : x_enrolment.statuses()) {
    answer[one.key] = Json{{"state", std::string(to_string(one.state))},
                           {"cookie", one.netns_cookie},
                           {"error", one.error ? one.error->describe() : ""}};
    for (const OldConnection& old : one.old_connections) {
      answer[one.key]["old"].push_back(Json{{"local", old.local.to_string()},
                                            {"remote", old.remote.to_string()},
                                            {"destroyed", old.destroyed}});
    }
  }
  return answer;
}

Json Agent::counters() {
  Json answer = Json::object();
  for (const Counter& one : x_kernel.counters()) answer[std::string(one.name)] = one.value;
  return answer;
}

Json Agent::facts() {
  Json answer{{"recovered", x_kernel.recovered()},
              {"sunk", x_sunk},
              {"accepted", x_accepted},
              {"pins", x_kernel.pin_path()}};
  answer["counters"] = counters();
  for (const MapUse& one : x_kernel.maps()) answer["maps"][one.name] = one.entries;
  for (const Attachment& one : x_kernel.attachments()) {
    answer["attached"].push_back(Json{{"program", one.program},
                                      {"place", one.place},
                                      {"on", one.attached},
                                      {"id", one.program_id}});
  }
  return answer;
}

Json Agent::watch() {
  std::vector<std::string> found = x_kernel.watch();
  for (std::string& one : x_enrolment.watch()) found.push_back(std::move(one));
  return Json{{"found", found}};
}

// Goes on with the tests of capture for some time: the results so far, by pod.
Json Agent::self_test(int milliseconds) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (Clock::now() < deadline) {
    x_enrolment.self_test();
    serve(-1, 10);
  }
  Json results = Json::object();
  for (const PodStatus& one : x_enrolment.statuses()) {
    results[one.key] = Json{{"passed", one.self_test.passed},
                            {"failed", one.self_test.failed},
                            {"why", one.self_test.last_failure}};
  }
  return results;
}

}  // namespace sm::capture
