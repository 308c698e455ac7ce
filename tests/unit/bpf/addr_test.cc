// SPDX-License-Identifier: Apache-2.0
#include "../../../bpf/lib/addr.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <set>
#include <string>

#include "base/ip.h"
#include "base/rng.h"
#include "capture/maps.h"

namespace {

sm_addr addr(const std::string& text) {
  return sm::capture::to_abi(sm::IpAddress::parse(text).value());
}

}  // namespace

TEST_CASE("bpf: an IPv4 address and its v4-mapped spelling are one key") {
  in_addr v4{};
  REQUIRE(inet_pton(AF_INET, "10.60.1.11", &v4) == 1);
  in6_addr mapped{};
  REQUIRE(inet_pton(AF_INET6, "::ffff:10.60.1.11", &mapped) == 1);
  std::array<__u32, 4> words{};
  std::memcpy(words.data(), &mapped, sizeof mapped);
  const sm_addr from4 = sm_addr_v4(v4.s_addr);
  const sm_addr from6 = sm_addr_v6(words[0], words[1], words[2], words[3]);
  CHECK(sm_addr_equal(&from4, &from6));
  CHECK(sm_addr_is_v4(&from6));
  CHECK(sm::capture::from_abi(from4).to_string() == "10.60.1.11");
}

TEST_CASE("bpf: what stays on this host is recognised in both families") {
  for (const char* text :
       {"127.0.0.1", "127.255.255.255", "127.169.254.3", "0.0.0.0", "::1", "::"}) {
    const sm_addr a = addr(text);
    CHECK_MESSAGE(sm_addr_is_local(&a), text);
  }
  for (const char* text : {"126.255.255.255", "128.0.0.1", "10.0.0.1", "::2", "fd00::1",
                           "1::", "::1:0:0:1", "0.0.0.1"}) {
    const sm_addr a = addr(text);
    CHECK_MESSAGE(!sm_addr_is_local(&a), text);
  }
}

TEST_CASE("bpf: the IPv4 capture range is 127.169.254.0/24 at its port only") {
  const sm_addr inside = addr("127.169.254.9");
  CHECK(sm_addr_is_capture4(&inside, 15001));
  CHECK(sm_addr_is_capture(&inside, 15001));
  CHECK(!sm_addr_is_capture6(&inside, 15001));
  CHECK(!sm_addr_is_capture(&inside, 15002));
  CHECK(!sm_addr_is_capture(&inside, 15000));
  for (const char* text : {"127.169.253.9", "127.169.255.9", "127.0.0.1", "10.0.0.1", "::2",
                           "fd00::7fa9:fe09", "::7fa9:fe09"}) {
    const sm_addr a = addr(text);
    CHECK_MESSAGE(!sm_addr_is_capture(&a, 15001), text);
  }
}

TEST_CASE("bpf: the IPv6 capture range is 254 ports of ::1") {
  const sm_addr loopback = addr("::1");
  for (const unsigned port : {15001U, 15002U, 15128U, 15254U}) {
    CHECK_MESSAGE(sm_addr_is_capture6(&loopback, port), port);
    CHECK(sm_addr_is_capture(&loopback, port));
    CHECK(!sm_addr_is_capture4(&loopback, port));
  }
  for (const unsigned port : {0U, 80U, 15000U, 15255U, 65535U})
    CHECK_MESSAGE(!sm_addr_is_capture(&loopback, port), port);
  for (const char* text : {"::", "::2", "127.0.0.1", "fd00::1", "::ffff:0.0.0.1"}) {
    const sm_addr a = addr(text);
    CHECK_MESSAGE(!sm_addr_is_capture6(&a, 15001), text);
  }
}

TEST_CASE("bpf: ::1 alone is IPv6 loopback, fe80::/10 alone is link-local") {
  const auto is_loopback6 = [](const char* text) {
    const sm_addr a = addr(text);
    return sm_addr_is_loopback6(&a) != 0;
  };
  CHECK(is_loopback6("::1"));
  for (const char* text : {"::", "::2", "127.0.0.1", "1::1", "::1:0:0:1", "::ffff:0:1"})
    CHECK_MESSAGE(!is_loopback6(text), text);
  const auto is_link_local6 = [](const char* text) {
    const sm_addr a = addr(text);
    return sm_addr_is_link_local6(&a) != 0;
  };
  for (const char* text : {"fe80::1", "fe80::", "febf:ffff::1", "fe90::1"})
    CHECK_MESSAGE(is_link_local6(text), text);
  for (const char* text : {"fec0::1", "fe7f::1", "fd00::1", "ff02::1", "169.254.1.1", "::1"})
    CHECK_MESSAGE(!is_link_local6(text), text);
}

TEST_CASE("bpf: captures of IPv4 use every host of the range, and one destination has one") {
  std::set<std::string> seen;
  for (unsigned i = 0; i < 20000; ++i) {
    const sm_addr destination = sm_addr_v4(htonl(0x0a600000u + i));
    const sm_capture capture = sm_capture_of(&destination, 80, 7);
    const sm_capture again = sm_capture_of(&destination, 80, 7);
    REQUIRE(sm_addr_equal(&capture.ip, &again.ip));
    REQUIRE(capture.port == SM_CAPTURE_PORT);
    REQUIRE(sm_addr_is_capture4(&capture.ip, capture.port));
    seen.insert(sm::capture::from_abi(capture.ip).to_string());
  }
  CHECK(seen.size() == SM_CAPTURE_HOSTS);
  CHECK(seen.count("127.169.254.0") == 0);
  CHECK(seen.count("127.169.254.255") == 0);
}

TEST_CASE("bpf: captures of IPv6 use every port of the range, and one destination has one") {
  std::set<unsigned> seen;
  for (unsigned i = 0; i < 20000; ++i) {
    const sm_addr destination = sm_addr_v6(htonl(0xfd000000u), 0, 0, htonl(i));
    const sm_capture capture = sm_capture_of(&destination, 80, 7);
    const sm_capture again = sm_capture_of(&destination, 80, 7);
    REQUIRE(sm_addr_equal(&capture.ip, &again.ip));
    REQUIRE(capture.port == again.port);
    REQUIRE(sm_addr_is_capture6(&capture.ip, capture.port));
    seen.insert(capture.port);
  }
  CHECK(seen.size() == SM_CAPTURE6_PORTS);
  CHECK(*seen.begin() == SM_CAPTURE_PORT);
}

TEST_CASE("bpf: the hash spreads neighbouring ports over slots evenly and depends on its seed") {
  const sm_addr client = addr("10.60.1.11");
  std::array<unsigned, 4> slots{};
  unsigned moved = 0;
  for (unsigned port = 32768; port < 60768; ++port) {
    ++slots[sm_hash(&client, port, 1) % slots.size()];
    moved += sm_hash(&client, port, 1) % 4 != sm_hash(&client, port, 2) % 4 ? 1U : 0U;
  }
  for (const unsigned count : slots) {
    CHECK(count > 6500);
    CHECK(count < 7500);
  }
  CHECK(moved > 18000);
}
