// SPDX-License-Identifier: Apache-2.0
// The smallest daemon that libcapture makes possible, for capture_test.py: it enrols pods, answers
// each accepted connection with one line about it, dials when told, and reports. One JSON command a
// line on standard input, one JSON answer a line on standard output.
//
//   capture_agent --cgroup C --bpffs D --run-dir R     |     capture_agent --uninstall R
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "capture/capture.h"
#include "capture/enrolment.h"
#include "capture/uninstall.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace sm::capture {
namespace {

using Clock = std::chrono::steady_clock;

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

struct OpenPod {
  std::shared_ptr<const io::PodNet> net;
  std::vector<io::PodListener> listeners;
};

class Agent final : public EnrolmentEvents {
 public:
  explicit Agent(Kernel& kernel) : x_kernel(kernel), x_enrolment(kernel, *this) {}

  void run() {
    std::string input;
    while (!x_done) {
      serve(-1, 1000);
      if (x_stdin_ready && !read_commands(input)) return;
    }
  }

  void on_pod_open(std::shared_ptr<const io::PodNet> pod,
                   std::vector<io::PodListener> listeners) override {
    const std::string key = pod->key;
    const std::uint64_t cookie = pod->netns_cookie;
    x_pods[key] = OpenPod{std::move(pod), std::move(listeners)};
    x_opened.emplace_back(key, cookie);
  }
  void on_pod_close(const std::string& key, std::uint64_t) override {
    x_pods.erase(key);
    x_held.erase(key);
  }

 private:
  // Waits for anything: commands, connections, and `dial` to become writable. Returns whether
  // `dial` did.
  bool serve(int dial, int timeout_ms) {
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

  void accept_all(const OpenPod& pod, const io::PodListener& listener) {
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
      Json line;
      line["kind"] = kind_name(listener.kind);
      line["pod"] = pod.net->key;
      line["slot"] = listener.slot;
      line["peer"] = peer.to_string();
      line["local"] = local.to_string();
      if (listener.kind == io::ListenerKind::kOutbound) {
        const auto wish = x_kernel.find(*pod.net, peer, local);
        line["wish"] = wish ? wish->to_string() : "none";
        if (!wish) ++x_accepted["without_wish"];
      }
      const std::string text = dump_json(line) + "\n";
      if (::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0)
        reset_on_close(socket.get());
      if (x_hold) x_held[pod.net->key].push_back(std::move(socket));
    }
  }

  bool read_commands(std::string& input) {
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

  Json obey(const Json& command) {
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
    if (verb == "dial") return dial(command);
    if (verb == "open-in-threads")
      return open_in_threads(command.value("threads", 4), command.value("rounds", 100));
    if (verb == "hold") x_hold = command.value("on", false);
    if (verb == "release") x_held.clear();
    if (verb == "worker")
      x_enrolment.set_worker_serving(command.at("worker").get<unsigned>(),
                                     command.at("serving").get<bool>());
    if (verb == "watch") return watch();
    if (verb == "quit") x_done = true;
    return Json{{"ok", true}};
  }

  static std::vector<PodWish> wishes_of(const Json& pods) {
    std::vector<PodWish> wishes;
    for (const Json& one : pods) {
      PodWish wish;
      wish.key = one.at("key").get<std::string>();
      wish.netns_path = one.at("netns").get<std::string>();
      wish.cgroup_path = one.value("cgroup", "");
      for (const Json& ip : one.at("ips"))
        wish.ips.push_back(IpAddress::parse(ip.get<std::string>()).value_or(IpAddress()));
      wish.bypass = one.value("bypass", false);
      wish.gateway = one.value("gateway", false);
      wish.gateway_ports = one.value("gateway_ports", std::vector<std::uint16_t>());
      wish.workers = one.value("workers", std::vector<unsigned>{0});
      wish.strict = one.value("strict", false);
      if (one.contains("lists")) wish.lists = lists_of(one.at("lists"));
      wishes.push_back(std::move(wish));
    }
    return wishes;
  }

  static CaptureLists lists_of(const Json& json) {
    const auto ranges = [&json](const char* name) {
      std::vector<Cidr> found;
      for (const std::string& one : json.value(name, std::vector<std::string>()))
        found.push_back(Cidr::parse(one).value_or(Cidr{}));
      return found;
    };
    const auto ports = [&json](const char* name) {
      return json.value(name, std::vector<std::uint16_t>());
    };
    CaptureLists lists;
    lists.all_out = json.value("all_out", true);
    lists.all_in = json.value("all_in", true);
    lists.out_include = ranges("out_include");
    lists.out_exclude = ranges("out_exclude");
    lists.out_ports_include = ports("out_ports_include");
    lists.out_ports_exclude = ports("out_ports_exclude");
    lists.in_ports_include = ports("in_ports_include");
    lists.in_ports_exclude = ports("in_ports_exclude");
    return lists;
  }

  Json statuses() {
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

  Json facts() {
    Json answer{{"recovered", x_kernel.recovered()},
                {"sunk", x_sunk},
                {"accepted", x_accepted},
                {"pins", x_kernel.pin_path()}};
    for (const Counter& one : x_kernel.counters())
      answer["counters"][std::string(one.name)] = one.value;
    for (const MapUse& one : x_kernel.maps()) answer["maps"][one.name] = one.entries;
    for (const Attachment& one : x_kernel.attachments()) {
      answer["attached"].push_back(Json{{"program", one.program},
                                        {"place", one.place},
                                        {"on", one.attached},
                                        {"id", one.program_id}});
    }
    return answer;
  }

  // Connects, and for a probe waits until the sink has that very tuple. `say` is sent, the answer
  // read to its end.
  Json dial(const Json& command) {
    const auto pod = x_pods.find(command.at("pod").get<std::string>());
    const auto to = SocketAddress::parse(command.at("to").get<std::string>());
    if (pod == x_pods.end() || !to) return Json{{"error", "no such pod or address"}};
    const std::string purpose = command.value("purpose", "wire");
    const io::DialPurpose why = purpose == "probe" ? io::DialPurpose::kProbe
                                : purpose == "app" ? io::DialPurpose::kApplication
                                                   : io::DialPurpose::kWire;
    Result<UniqueFd> socket = x_kernel.open(*pod->second.net, *to, why,
                                            SocketAddress::parse(command.value("client", "")));
    if (!socket) return Json{{"error", socket.error().describe()}};
    const auto deadline =
        Clock::now() + std::chrono::milliseconds(command.value("timeout_ms", 2000));
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
    if (failed == 0 && why != io::DialPurpose::kProbe)
      answer["answer"] = talk(socket->get(), command.value("say", "hi\n"));
    if (command.value("abort", false)) reset_on_close(socket->get());
    return answer;
  }

  // Every thread opens sockets in the pods in turn. Each must be in its pod's netns, and the thread
  // at home afterwards.
  Json open_in_threads(int threads, int rounds) {
    std::vector<std::shared_ptr<const io::PodNet>> nets;
    for (const auto& [key, pod] : x_pods) nets.push_back(pod.net);
    const std::uint64_t home = cookie_of(UniqueFd(::socket(AF_INET, SOCK_STREAM, 0)).get());
    std::atomic<int> wrong = 0;
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back(
          [this, &nets, &wrong, home, rounds, t] { open_some(nets, wrong, home, rounds, t); });
    }
    for (std::thread& one : running) one.join();
    return Json{{"wrong", wrong.load()}, {"opened", threads * rounds}};
  }

  void open_some(const std::vector<std::shared_ptr<const io::PodNet>>& nets,
                 std::atomic<int>& wrong, std::uint64_t home, int rounds, int first) {
    const SocketAddress to{IpAddress(), 80};
    for (int i = 0; i < rounds; ++i) {
      const io::PodNet& net = *nets[static_cast<std::size_t>(first + i) % nets.size()];
      const Result<UniqueFd> socket = x_kernel.open(net, to, io::DialPurpose::kWire, std::nullopt);
      const UniqueFd here(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (!socket || cookie_of(socket->get()) != net.netns_cookie || cookie_of(here.get()) != home)
        ++wrong;
      if (x_kernel.find(net, to, to)) ++wrong;
    }
  }

  static std::uint64_t cookie_of(int socket) {
    std::uint64_t cookie = 0;
    socklen_t length = sizeof cookie;
    ::getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
    return cookie;
  }

  int finish(int socket, Clock::time_point deadline) {
    while (Clock::now() < deadline) {
      if (!serve(socket, 20)) continue;
      int error = 0;
      socklen_t length = sizeof error;
      ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
      return error;
    }
    return ETIMEDOUT;
  }

  bool wait_sunk(const std::string& tuple, Clock::time_point deadline) {
    for (;;) {
      for (const std::string& one : x_sunk) {
        if (one == tuple) return true;
      }
      if (Clock::now() >= deadline) return false;
      serve(-1, 20);
    }
  }

  std::string talk(int socket, const std::string& say) {
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

  Json watch() {
    std::vector<std::string> found = x_kernel.watch();
    for (std::string& one : x_enrolment.watch()) found.push_back(std::move(one));
    return Json{{"found", found}};
  }

  Kernel& x_kernel;
  Enrolment x_enrolment;
  std::map<std::string, OpenPod> x_pods;
  std::map<std::string, std::vector<UniqueFd>> x_held;
  std::vector<std::pair<std::string, std::uint64_t>> x_opened;
  std::map<std::string, unsigned> x_accepted;
  std::vector<std::string> x_sunk;
  bool x_stdin_ready = false;
  bool x_hold = false;
  bool x_done = false;
};

int fail(const Error& error) {
  std::fprintf(stdout, "%s\n", dump_json(Json{{"error", error.describe()}}).c_str());
  return 1;
}

int main_of(const std::map<std::string, std::string>& options) {
  if (const auto run_dir = options.find("--uninstall"); run_dir != options.end()) {
    const Result<std::vector<std::string>> done = uninstall(run_dir->second);
    if (!done) return fail(done.error());
    std::fprintf(stdout, "%s\n", dump_json(Json(*done)).c_str());
    return 0;
  }
  KernelConfig config;
  for (const auto& [name, value] : options) {
    if (name == "--cgroup") config.cgroup = value;
    if (name == "--bpffs") config.bpffs = value;
    if (name == "--run-dir") config.run_dir = value;
    if (name == "--unknown" && value == "allow") config.unknown_pods = UnknownPods::kAllow;
    if (name == "--unknown" && value == "hold") config.unknown_pods = UnknownPods::kHold;
    if (name == "--down" && value == "open") config.open_when_down = true;
    if (name == "--log") log::set_all_levels(log::parse_level(value).value_or(log::Level::kInfo));
  }
  Result<std::unique_ptr<Kernel>> kernel = Kernel::open(config);
  if (!kernel) return fail(kernel.error());
  std::fprintf(stdout, "%s\n",
               dump_json(Json{{"ok", true}, {"recovered", (*kernel)->recovered()}}).c_str());
  std::fflush(stdout);
  Agent agent(**kernel);
  agent.run();
  return 0;
}

}  // namespace
}  // namespace sm::capture

int main(int count, char** arguments) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < count; i += 2) options[arguments[i]] = arguments[i + 1];
  return sm::capture::main_of(options);
}
