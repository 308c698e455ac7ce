// SPDX-License-Identifier: Apache-2.0
// The decisions of the kernel side against a plain model that knows nothing of words and byte
// order.
#include "../../../bpf/lib/decide.h"

#include <doctest/doctest.h>

#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/rng.h"
#include "capture/maps.h"
#include "support/capture_model.h"

namespace {

using sm::IpAddress;
using sm::SocketAddress;
using sm::capture::to_abi;
using sm::test::contains;
using sm::test::local_to_host;
using sm::test::model_arrive;
using sm::test::model_connect;
using sm::test::ModelPod;

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

// Few addresses, so that equal ones meet often.
const std::vector<IpAddress>& pool() {
  static const std::vector<IpAddress> addresses = {
      ip("127.0.0.1"),  ip("127.169.254.7"), ip("127.169.253.7"), ip("0.0.0.0"),
      ip("10.60.1.11"), ip("10.60.1.12"),    ip("10.96.0.1"),     ip("::1"),
      ip("::"),         ip("fd00::11"),      ip("fd00::12"),      ip("8.8.8.8"),
      ip("::7f00:1"),   ip("fe80::1"),       ip("febf::2"),       ip("fec0::1")};
  return addresses;
}

const IpAddress& draw(sm::Rng& rng) { return pool()[rng.below(pool().size())]; }

void check_all_tried(const std::array<unsigned, SM_COUNTER_COUNT>& seen,
                     std::initializer_list<sm_counter> wanted) {
  unsigned sum = 0;
  unsigned named = 0;
  for (const unsigned count : seen) sum += count;
  for (const sm_counter one : wanted) {
    named += seen[one];
    CHECK_MESSAGE(seen[one] > 100, "counter ", static_cast<int>(one), " was hardly tried");
  }
  CHECK(named == sum);
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
    ModelPod model;
    pod.state = model.state = static_cast<__u32>(rng.below(4));
    pod.flags = static_cast<__u32>(rng.below(8));
    model.ipv6 = (pod.flags & SM_POD_IPV6) != 0;
    pod.ip_count = static_cast<__u32>(rng.below(SM_POD_IPS_MAX + 1));
    for (unsigned i = 0; i < SM_POD_IPS_MAX; ++i) {
      const IpAddress one = draw(rng);
      pod.ip[i] = to_abi(one);  // beyond ip_count too: those must not count
      if (i < pod.ip_count) model.ips.push_back(one);
    }
    sm_node node{};
    node.unknown = static_cast<__u32>(rng.below(4));  // 3: a value of no version of ours
    node.open_when_down = static_cast<__u32>(rng.below(2));
    const bool known = rng.below(4) != 0;
    const bool have_node = rng.below(20) != 0;
    const sm_addr destination = to_abi(to);
    const sm_counter got =
        sm_decide_connect(kind, &destination, known ? &pod : nullptr, have_node ? &node : nullptr);
    const sm_counter wanted =
        model_connect(kind, to, known ? &model : nullptr,
                      have_node ? std::optional<unsigned>(node.unknown) : std::nullopt);
    REQUIRE_MESSAGE(got == wanted, to.to_string(), " kind ", kind, " state ", pod.state);
    ++seen[got];
  }
  check_all_tried(seen, {SM_C_CONNECT_OWN, SM_C_CONNECT_LOOPBACK, SM_C_CONNECT_SELF,
                         SM_C_CONNECT_BYPASS, SM_C_CONNECT_UNKNOWN_ALLOWED, SM_C_CONNECT_HELD,
                         SM_C_CONNECT_CAPTURED, SM_C_CONNECT_UNKNOWN_DENIED,
                         SM_C_CONNECT_IPV6_DENIED, SM_C_CONNECT_LINK_LOCAL, SM_C_CONNECT_NO_NODE});
}

TEST_CASE("bpf: what an arriving SYN is, is what the model says, for random tuples") {
  sm::Rng rng(2);
  std::array<unsigned, SM_COUNTER_COUNT> seen{};
  static constexpr std::array<std::uint16_t, 6> kPorts = {15000, 15001, 15100, 15254, 15255, 8080};
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
    const SocketAddress local{draw(rng), kPorts[rng.below(kPorts.size())]};
    const unsigned protocol = rng.below(10) == 0 ? 17 : 6;
    const sm_addr r = to_abi(remote);
    const sm_addr l = to_abi(local.ip);
    const sm_counter got = sm_decide_arrive(protocol, &r, &l, local.port, ips.data(), count);
    REQUIRE_MESSAGE(got == model_arrive(protocol, remote, local, model_ips), remote.to_string(),
                    " > ", local.to_string());
    ++seen[got];
  }
  check_all_tried(seen, {SM_C_ARRIVE_NOT_TCP, SM_C_ARRIVE_OUT, SM_C_ARRIVE_LOOPBACK,
                         SM_C_ARRIVE_SELF, SM_C_ARRIVE_LINK_LOCAL, SM_C_ARRIVE_IN});
}

TEST_CASE(
    "bpf: an established connection is unmeshed when an enrolled pod's lists take it and its "
    "other end is elsewhere") {
  sm::Rng rng(3);
  unsigned unmeshed = 0;
  for (int round = 0; round < 50000; ++round) {
    sm_pod pod{};
    std::vector<IpAddress> ips;
    pod.state = static_cast<__u32>(rng.below(4));
    pod.ip_count = static_cast<__u32>(rng.below(SM_POD_IPS_MAX + 1));
    for (unsigned i = 0; i < pod.ip_count; ++i) {
      ips.push_back(draw(rng));
      pod.ip[i] = to_abi(ips.back());
    }
    const IpAddress local = draw(rng);
    const IpAddress remote = draw(rng);
    const bool taken = rng.below(2) == 0;
    const sm_addr l = to_abi(local);
    const sm_addr r = to_abi(remote);
    const bool wanted = taken && pod.state == SM_POD_ENROLLED && !local_to_host(remote) &&
                        local != remote && !contains(ips, remote);
    REQUIRE((sm_is_unmeshed(&l, &r, &pod, taken ? 1 : 0) != 0) == wanted);
    unmeshed += wanted ? 1 : 0;
  }
  CHECK(unmeshed > 1000);
}

TEST_CASE("bpf: lists, as a table") {
  struct Row {
    unsigned port, range;
    bool all, listed;  // taken without and with SM_POD_OUT_LISTED
  };
  static constexpr unsigned kNo = SM_TAKE_NO, kYes = SM_TAKE_YES, kUnsaid = SM_TAKE_UNSAID;
  for (const Row& row : std::vector<Row>{{kUnsaid, kUnsaid, true, false},
                                         {kUnsaid, kYes, true, true},
                                         {kUnsaid, kNo, false, false},
                                         {kYes, kUnsaid, true, true},
                                         {kYes, kYes, true, true},
                                         {kYes, kNo, false, false},
                                         {kNo, kUnsaid, false, false},
                                         {kNo, kYes, false, false},
                                         {kNo, kNo, false, false}}) {
    CHECK((sm_takes_outbound(0, row.port, row.range) != 0) == row.all);
    CHECK((sm_takes_outbound(SM_POD_IN_LISTED | SM_POD_IPV6, row.port, row.range) != 0) == row.all);
    CHECK((sm_takes_outbound(SM_POD_OUT_LISTED, row.port, row.range) != 0) == row.listed);
  }
  CHECK(sm_takes_inbound(0, kUnsaid));
  CHECK(sm_takes_inbound(SM_POD_OUT_LISTED, kUnsaid));
  CHECK(!sm_takes_inbound(SM_POD_IN_LISTED, kUnsaid));
  CHECK(sm_takes_inbound(SM_POD_IN_LISTED, kYes));
  CHECK(!sm_takes_inbound(0, kNo));
}
