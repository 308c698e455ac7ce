// SPDX-License-Identifier: Apache-2.0
// The decisions of the kernel side against a plain model that knows nothing of words and byte
// order.
#include "../../../bpf/lib/decide.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/rng.h"
#include "capture/maps.h"

namespace {

using sm::IpAddress;
using sm::capture::to_abi;

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

// Few addresses, so that equal ones meet often.
const std::vector<IpAddress>& pool() {
  static const std::vector<IpAddress> addresses = {
      ip("127.0.0.1"),  ip("127.169.254.7"), ip("127.169.253.7"), ip("0.0.0.0"), ip("10.60.1.11"),
      ip("10.60.1.12"), ip("10.96.0.1"),     ip("::1"),           ip("::"),      ip("fd00::11"),
      ip("fd00::12"),   ip("8.8.8.8"),       ip("::7f00:1")};
  return addresses;
}

const IpAddress& draw(sm::Rng& rng) { return pool()[rng.below(pool().size())]; }

bool local_to_host(const IpAddress& a) { return a.is_loopback() || a.is_unspecified(); }

bool contains(const std::vector<IpAddress>& ips, const IpAddress& a) {
  return std::find(ips.begin(), ips.end(), a) != ips.end();
}

sm_counter model_connect(unsigned kind, const IpAddress& to, const std::vector<IpAddress>* pod,
                         unsigned state, bool have_node, bool allow) {
  if (kind >= SM_SOCKET_OWN && kind <= SM_SOCKET_OWN_CLIENT) return SM_C_CONNECT_OWN;
  if (local_to_host(to)) return SM_C_CONNECT_LOOPBACK;
  if (!have_node) return SM_C_CONNECT_NO_NODE;
  if (pod == nullptr) return allow ? SM_C_CONNECT_UNKNOWN_ALLOWED : SM_C_CONNECT_UNKNOWN_DENIED;
  if (state == SM_POD_BYPASS) return SM_C_CONNECT_BYPASS;
  if (state != SM_POD_ENROLLED) return SM_C_CONNECT_UNKNOWN_DENIED;
  if (contains(*pod, to)) return SM_C_CONNECT_SELF;
  return to.is_v4() ? SM_C_CONNECT_CAPTURED : SM_C_CONNECT_IPV6_DENIED;
}

sm_counter model_arrive(unsigned protocol, const IpAddress& remote, const IpAddress& local,
                        unsigned port, const std::vector<IpAddress>& ips) {
  if (protocol != 6) return SM_C_ARRIVE_NOT_TCP;
  if (port == 15001 && local.to_string().rfind("127.169.254.", 0) == 0) return SM_C_ARRIVE_OUT;
  if (local_to_host(local)) return SM_C_ARRIVE_LOOPBACK;
  if (remote == local || local_to_host(remote) || contains(ips, remote)) return SM_C_ARRIVE_SELF;
  return local.is_v4() ? SM_C_ARRIVE_IN : SM_C_ARRIVE_IPV6_DENIED;
}

}  // namespace

TEST_CASE(
    "bpf: what becomes of a connect is what the model says, for random sockets, pods and "
    "destinations") {
  sm::Rng rng(1);
  std::array<unsigned, SM_COUNTER_COUNT> seen{};
  for (int round = 0; round < 200000; ++round) {
    const auto kind = static_cast<unsigned>(rng.below(6));
    const IpAddress to = draw(rng);
    sm_pod pod{};
    std::vector<IpAddress> ips;
    pod.state = static_cast<__u32>(rng.below(4));
    pod.ip_count = static_cast<__u32>(rng.below(SM_POD_IPS_MAX + 1));
    for (unsigned i = 0; i < SM_POD_IPS_MAX; ++i) {
      const IpAddress one = draw(rng);
      pod.ip[i] = to_abi(one);  // beyond ip_count too: those must not count
      if (i < pod.ip_count) ips.push_back(one);
    }
    sm_node node{};
    node.allow_unknown = static_cast<__u32>(rng.below(2));
    const bool known = rng.below(4) != 0;
    const bool have_node = rng.below(20) != 0;
    const sm_addr destination = to_abi(to);
    const sm_counter got =
        sm_decide_connect(kind, &destination, known ? &pod : nullptr, have_node ? &node : nullptr);
    const sm_counter wanted = model_connect(kind, to, known ? &ips : nullptr, pod.state, have_node,
                                            node.allow_unknown != 0);
    REQUIRE_MESSAGE(got == wanted, to.to_string(), " kind ", kind, " state ", pod.state);
    ++seen[got];
  }
  for (const sm_counter one :
       {SM_C_CONNECT_OWN, SM_C_CONNECT_LOOPBACK, SM_C_CONNECT_SELF, SM_C_CONNECT_BYPASS,
        SM_C_CONNECT_UNKNOWN_ALLOWED, SM_C_CONNECT_CAPTURED, SM_C_CONNECT_UNKNOWN_DENIED,
        SM_C_CONNECT_IPV6_DENIED, SM_C_CONNECT_NO_NODE}) {
    CHECK_MESSAGE(seen[one] > 100, "counter ", static_cast<int>(one), " was hardly tried");
  }
}

TEST_CASE("bpf: what an arriving SYN is, is what the model says, for random tuples") {
  sm::Rng rng(2);
  std::array<unsigned, SM_COUNTER_COUNT> seen{};
  for (int round = 0; round < 200000; ++round) {
    std::array<sm_addr, SM_POD_IPS_MAX> ips{};
    std::vector<IpAddress> model_ips;
    const auto count = static_cast<__u32>(rng.below(SM_POD_IPS_MAX + 1));
    for (unsigned i = 0; i < SM_POD_IPS_MAX; ++i) {
      const IpAddress one = draw(rng);
      ips[i] = to_abi(one);
      if (i < count) model_ips.push_back(one);
    }
    const IpAddress remote = draw(rng);
    const IpAddress local = draw(rng);
    const unsigned port = rng.below(2) == 0 ? 15001 : 8080;
    const unsigned protocol = rng.below(10) == 0 ? 17 : 6;
    const sm_addr r = to_abi(remote);
    const sm_addr l = to_abi(local);
    const sm_counter got = sm_decide_arrive(protocol, &r, &l, port, ips.data(), count);
    REQUIRE_MESSAGE(got == model_arrive(protocol, remote, local, port, model_ips),
                    remote.to_string(), " > ", local.to_string());
    ++seen[got];
  }
  for (const sm_counter one : {SM_C_ARRIVE_NOT_TCP, SM_C_ARRIVE_OUT, SM_C_ARRIVE_LOOPBACK,
                               SM_C_ARRIVE_SELF, SM_C_ARRIVE_IPV6_DENIED, SM_C_ARRIVE_IN}) {
    CHECK_MESSAGE(seen[one] > 100, "counter ", static_cast<int>(one), " was hardly tried");
  }
}
