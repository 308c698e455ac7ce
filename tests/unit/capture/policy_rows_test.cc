// SPDX-License-Identifier: Apache-2.0
// The rows that the kernel is given answer as CaptureLists does, for every connection.
#include "capture/policy_rows.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "../../../bpf/lib/decide.h"
#include "base/rng.h"
#include "capture/maps.h"
#include "io/pod_sockets.h"

namespace {

using sm::CaptureLists;
using sm::Cidr;
using sm::IpAddress;
using sm::SocketAddress;
using sm::capture::policy_rows;
using sm::capture::PolicyRows;

constexpr std::uint32_t kPolicy = 7;

Cidr cidr(const char* text) { return Cidr::parse(text).value(); }
SocketAddress end(const char* text) { return SocketAddress::parse(text).value(); }

bool holds(const sm_range_key& row, const sm_addr& ip) {
  const unsigned bits = row.prefix_bits - SM_RANGE_POLICY_BITS;
  const auto bit = [](const sm_addr& a, unsigned i) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(a.word_be);
    return bytes[i / 8] >> (7 - i % 8) & 1;
  };
  for (unsigned i = 0; i < bits; ++i) {
    if (bit(row.ip, i) != bit(ip, i)) return false;
  }
  return true;
}

// What an LPM_TRIE answers: the row of the longest prefix, the last one written of equal ones.
unsigned range_of(const PolicyRows& rows, const IpAddress& ip) {
  const sm_addr wanted = sm::capture::to_abi(ip);
  unsigned longest = 0;
  unsigned take = SM_TAKE_UNSAID;
  for (const auto& [key, value] : rows.ranges) {
    if (key.prefix_bits < longest || !holds(key, wanted)) continue;
    longest = key.prefix_bits;
    take = value;
  }
  return take;
}

unsigned port_of(const PolicyRows& rows, std::uint16_t port, unsigned direction) {
  unsigned take = SM_TAKE_UNSAID;
  for (const auto& [key, value] : rows.ports) {
    if (key.port_be == sm::capture::to_be16(port) && key.direction == direction) take = value;
  }
  return take;
}

bool kernel_takes_outbound(const CaptureLists& lists, const SocketAddress& to) {
  const PolicyRows rows = policy_rows(kPolicy, lists);
  return sm_takes_outbound(lists.all_out ? 0 : SM_POD_OUT_LISTED,
                           port_of(rows, to.port, SM_OUTBOUND), range_of(rows, to.ip)) != 0;
}

bool kernel_takes_inbound(const CaptureLists& lists, std::uint16_t port) {
  const PolicyRows rows = policy_rows(kPolicy, lists);
  return sm_takes_inbound(lists.all_in ? 0 : SM_POD_IN_LISTED, port_of(rows, port, SM_INBOUND)) !=
         0;
}

// Few prefixes of few addresses, so that ranges nest, repeat and meet.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : x_rng(seed) {}

  IpAddress ip() {
    static const std::vector<const char*> kPool = {
        "10.0.0.1", "10.0.0.2", "10.0.1.1", "10.128.0.1",     "192.0.2.1",   "0.0.0.1",   "fd00::1",
        "fd00::2",  "fd80::1",  "::2",      "::ffff:0:a00:1", "2001:db8::1", "::fffe:1:1"};
    return IpAddress::parse(kPool[x_rng.below(kPool.size())]).value();
  }
  Cidr range() {
    const IpAddress base = ip();
    static const std::vector<unsigned> kV4 = {0, 1, 8, 23, 24, 31, 32};
    static const std::vector<unsigned> kV6 = {0, 8, 16, 64, 79, 80, 81, 95, 96, 127, 128};
    const std::vector<unsigned>& lengths = base.is_v4() ? kV4 : kV6;
    return Cidr{base, lengths[x_rng.below(lengths.size())]};
  }
  std::uint16_t port() { return static_cast<std::uint16_t>(80 + x_rng.below(4)); }
  bool coin() { return x_rng.below(2) == 0; }
  template <class Make>
  auto some(Make make) {
    std::vector<decltype(make())> list(x_rng.below(4));
    for (auto& one : list) one = make();
    return list;
  }
  CaptureLists lists() {
    CaptureLists all;
    all.all_out = coin();
    all.all_in = coin();
    all.out_include = some([this] { return range(); });
    all.out_exclude = some([this] { return range(); });
    all.out_ports_include = some([this] { return port(); });
    all.out_ports_exclude = some([this] { return port(); });
    all.in_ports_include = some([this] { return port(); });
    all.in_ports_exclude = some([this] { return port(); });
    return all;
  }

 private:
  sm::Rng x_rng;
};

}  // namespace

TEST_CASE("capture: the longest prefix says what the lists say, for random nested lists") {
  Draw draw(1);
  unsigned taken = 0;
  constexpr unsigned kRounds = 60000;
  for (unsigned round = 0; round < kRounds; ++round) {
    const CaptureLists lists = draw.lists();
    const SocketAddress to{draw.ip(), draw.port()};
    REQUIRE_MESSAGE(kernel_takes_outbound(lists, to) == lists.takes_outbound(to), to.to_string(),
                    " in round ", round);
    REQUIRE(kernel_takes_inbound(lists, to.port) == lists.takes_inbound(to.port));
    taken += lists.takes_outbound(to) ? 1U : 0U;
  }
  CHECK(taken > kRounds / 10);
  CHECK(taken < kRounds * 9 / 10);
}

TEST_CASE("capture: an included range inside an excluded one has no row") {
  CaptureLists lists;
  lists.out_exclude = {cidr("10.0.0.0/8")};
  lists.out_include = {cidr("10.1.0.0/16"), cidr("10.0.0.0/8"), cidr("192.0.2.0/24")};
  CHECK(policy_rows(kPolicy, lists).ranges.size() == 2 + 2);  // with the two of our own tests
  CHECK(!kernel_takes_outbound(lists, end("10.1.0.1:80")));
  // ... and an excluded one inside an included one has its own.
  lists.out_exclude = {cidr("10.1.0.0/16")};
  lists.all_out = false;
  CHECK(kernel_takes_outbound(lists, end("10.0.0.1:80")));
  CHECK(!kernel_takes_outbound(lists, end("10.1.0.1:80")));
}

TEST_CASE("capture: a range of all IPv6 says nothing of IPv4") {
  CaptureLists lists;
  lists.out_exclude = {cidr("::/0")};
  CHECK(kernel_takes_outbound(lists, end("10.0.0.1:80")));
  CHECK(!kernel_takes_outbound(lists, end("[fd00::1]:80")));
  lists.out_exclude = {cidr("::/0"), cidr("0.0.0.0/0")};
  CHECK(!kernel_takes_outbound(lists, end("10.0.0.1:80")));
  lists = CaptureLists{};
  lists.all_out = false;
  lists.out_include = {cidr("::/0")};
  CHECK(!kernel_takes_outbound(lists, end("10.0.0.1:80")));
  CHECK(kernel_takes_outbound(lists, end("[fd00::1]:80")));
}

TEST_CASE("capture: the daemon's own tests are taken whatever the lists say") {
  CaptureLists lists;
  lists.all_out = false;
  lists.out_exclude = {cidr("0.0.0.0/0"), cidr("::/0")};
  for (const int family : {AF_INET, AF_INET6})
    CHECK(kernel_takes_outbound(lists, sm::io::self_test_destination(family)));
  CHECK(!kernel_takes_outbound(lists, end("192.0.2.221:15000")));
}
