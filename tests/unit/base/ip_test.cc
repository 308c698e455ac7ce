// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <doctest/doctest.h>

namespace sm {

TEST_CASE("base: a v4-mapped address is the IPv4 address") {
  const auto mapped = IpAddress::parse("::ffff:10.0.0.1");
  REQUIRE(mapped);
  CHECK(*mapped == *IpAddress::parse("10.0.0.1"));
  CHECK(mapped->is_v4());
  CHECK(mapped->to_string() == "10.0.0.1");
  CHECK(IpHash{}(*mapped) == IpHash{}(*IpAddress::parse("10.0.0.1")));
}

TEST_CASE("base: what is no address is refused") {
  for (const char* text :
       {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "[::1]", "fe80::1%eth0", "host"})
    CHECK_MESSAGE(!IpAddress::parse(text), text);
}

TEST_CASE("base: loopback and unspecified, both families") {
  CHECK(IpAddress::parse("127.9.9.9")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK(!IpAddress::parse("128.0.0.1")->is_loopback());
  CHECK(!IpAddress::parse("::2")->is_loopback());
  CHECK(IpAddress::parse("0.0.0.0")->is_unspecified());
  CHECK(IpAddress::parse("::")->is_unspecified());
  CHECK(!IpAddress::parse("::1")->is_unspecified());
}

TEST_CASE("base: an address with a port survives text and sockaddr") {
  for (const char* text : {"10.1.2.3:80", "[fd00::7]:65535"}) {
    const auto address = SocketAddress::parse(text);
    REQUIRE(address);
    CHECK(address->to_string() == text);
    sockaddr_storage storage{};
    address->to_sockaddr(storage);
    CHECK(SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage)) == *address);
  }
  for (const char* text :
       {"10.1.2.3", "10.1.2.3:", "10.1.2.3:65536", "10.1.2.3:-1", "fd00::7:80", ":80"})
    CHECK_MESSAGE(!SocketAddress::parse(text), text);
}

TEST_CASE("base: a prefix holds what shares its bits, in its own family alone") {
  struct Row {
    const char* prefix;
    const char* ip;
    bool holds;
  };
  for (const Row& row : {Row{"10.0.0.0/8", "10.255.0.1", true},
                         Row{"10.0.0.0/8", "11.0.0.1", false}, Row{"10.1.2.4/30", "10.1.2.7", true},
                         Row{"10.1.2.4/30", "10.1.2.8", false}, Row{"10.1.2.3", "10.1.2.3", true},
                         Row{"10.1.2.3", "10.1.2.2", false}, Row{"0.0.0.0/0", "1.2.3.4", true},
                         Row{"0.0.0.0/0", "fd00::1", false}, Row{"::/0", "fd00::1", true},
                         Row{"fd00::/9", "fd7f::1", true}, Row{"fd00::/9", "fd80::1", false}}) {
    CHECK_MESSAGE(Cidr::parse(row.prefix)->contains(*IpAddress::parse(row.ip)) == row.holds,
                  row.prefix << " " << row.ip);
  }
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "::/129", "x/8", "/8"})
    CHECK_MESSAGE(!Cidr::parse(text), text);
}

}  // namespace sm
