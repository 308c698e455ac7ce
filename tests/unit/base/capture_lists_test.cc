// SPDX-License-Identifier: Apache-2.0
#include "base/capture_lists.h"

#include <doctest/doctest.h>

namespace {

using sm::CaptureLists;
using sm::Cidr;

Cidr cidr(const char* text) { return Cidr::parse(text).value(); }
bool takes(const CaptureLists& lists, const char* to) {
  return lists.takes_outbound(sm::SocketAddress::parse(to).value());
}

}  // namespace

TEST_CASE("capture lists: by default everything is taken, both ways") {
  const CaptureLists lists;
  CHECK(lists.takes_everything());
  CHECK(takes(lists, "192.0.2.1:443"));
  CHECK(takes(lists, "[2001:db8::1]:443"));
  CHECK(lists.takes_inbound(1));
}

TEST_CASE("capture lists: outbound, an excluded port goes before all, then an excluded range") {
  CaptureLists lists;
  lists.out_ports_exclude = {25};
  lists.out_ports_include = {25, 80};
  lists.out_exclude = {cidr("10.0.0.0/8"), cidr("fd00::/8")};
  lists.out_include = {cidr("10.1.0.0/16"), cidr("192.0.2.1/32")};
  CHECK(!lists.takes_everything());
  CHECK(!takes(lists, "192.0.2.1:25"));
  CHECK(!takes(lists, "10.1.0.1:80"));  // an included port of an excluded range
  CHECK(!takes(lists, "[fd00::1]:443"));
  CHECK(takes(lists, "192.0.2.9:443"));
}

TEST_CASE("capture lists: outbound, with listed destinations only, ports and ranges add up") {
  CaptureLists lists;
  lists.all_out = false;
  CHECK(!takes(lists, "192.0.2.1:80"));
  lists.out_ports_include = {80};
  lists.out_include = {cidr("10.0.0.0/8"), cidr("2001:db8::/32")};
  CHECK(takes(lists, "192.0.2.1:80"));
  CHECK(takes(lists, "10.0.0.1:443"));
  CHECK(takes(lists, "[2001:db8::1]:443"));
  CHECK(!takes(lists, "192.0.2.1:443"));
  CHECK(!takes(lists, "[fd00::1]:443"));
}

TEST_CASE("capture lists: inbound, an excluded port goes before an included one") {
  CaptureLists lists;
  lists.in_ports_exclude = {22};
  CHECK(!lists.takes_inbound(22));
  CHECK(lists.takes_inbound(80));
  lists.all_in = false;
  lists.in_ports_include = {22, 80};
  CHECK(!lists.takes_inbound(22));
  CHECK(lists.takes_inbound(80));
  CHECK(!lists.takes_inbound(81));
}
