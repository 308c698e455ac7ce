// SPDX-License-Identifier: Apache-2.0
#include "capture/self_test.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "capture/cgroup_sockets.h"
#include "io/netns.h"
#include "io/pod_sockets.h"

namespace sm::capture {
namespace {

const char* name_of(int family) { return family == AF_INET ? "IPv4" : "IPv6"; }

}  // namespace

void SelfTester::launch(const std::vector<SelfTestTarget>& targets) {
  std::vector<UniqueFd> namespaces;
  std::vector<CgroupSocketWish> wishes;
  std::vector<Running> started;
  for (const SelfTestTarget& target : targets) {
    Result<UniqueFd> netns = io::open_netns(target.netns_path.c_str());
    if (!netns) {
      end(target, AF_INET, netns.error().text);
      continue;
    }
    for (const int family : {AF_INET, AF_INET6}) {
      if (family == AF_INET6 && !target.ipv6) continue;
      wishes.push_back(CgroupSocketWish{netns->get(), family});
      started.push_back(Running{target, family, UniqueFd(), "", {}});
    }
    namespaces.push_back(std::move(*netns));
  }
  Result<std::vector<UniqueFd>> sockets = make_sockets_in_cgroup(x_kernel.probe_cgroup(), wishes);
  for (std::size_t i = 0; i < started.size(); ++i) {
    if (!sockets || !(*sockets)[i].valid()) {
      end(started[i].target, started[i].family,
          sockets ? "no socket could be made in the pod" : sockets.error().text);
      continue;
    }
    started[i].socket = std::move((*sockets)[i]);
    connect(std::move(started[i]));
  }
}

void SelfTester::connect(Running one) {
  static constexpr char kLo[] = "lo";
  if (::setsockopt(one.socket.get(), SOL_SOCKET, SO_BINDTODEVICE, kLo, sizeof kLo) != 0)
    return end(one.target, one.family, system_error("bind a test socket to lo", errno).text);
  sockaddr_storage storage{};
  const socklen_t length = io::self_test_destination(one.family).to_sockaddr(storage);
  if (::connect(one.socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0 &&
      errno != EINPROGRESS) {
    return end(one.target, one.family,
               fmt::format("{}: {}", name_of(one.family), system_error("connect", errno).text));
  }
  one.deadline = std::chrono::steady_clock::now() + kSelfTestTimeout;
  x_running.push_back(std::move(one));
}

std::vector<SelfTestResult> SelfTester::collect() {
  std::vector<Running> waiting;
  for (Running& one : x_running) {
    if (!read(one)) waiting.push_back(std::move(one));
  }
  x_running = std::move(waiting);
  return std::exchange(x_ended, {});
}

// Whether the test ended.
bool SelfTester::read(Running& one) {
  std::array<char, 512> bytes{};
  for (;;) {
    const ssize_t got = ::recv(one.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0) {
      one.answer.append(bytes.data(), static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && errno == EAGAIN) {
      if (std::chrono::steady_clock::now() < one.deadline) return false;
      end(one.target, one.family,
          fmt::format("{}: no answer; the connection was not captured, or no worker "
                      "serves the pod",
                      name_of(one.family)));
      return true;
    }
    if (got == 0 && one.answer == one.target.key) {
      end(one.target, one.family, "");
    } else if (got == 0) {
      end(one.target, one.family,
          fmt::format("{}: answered as \"{}\", not as this pod", name_of(one.family), one.answer));
    } else {
      end(one.target, one.family,
          fmt::format("{}: {}", name_of(one.family), system_error("read", errno).text));
    }
    return true;
  }
}

void SelfTester::end(const SelfTestTarget& target, int family, std::string failure) {
  x_ended.push_back(SelfTestResult{target.key, target.cookie, family, std::move(failure)});
}

}  // namespace sm::capture
