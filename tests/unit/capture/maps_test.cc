// SPDX-License-Identifier: Apache-2.0
#include "capture/maps.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <cstring>
#include <set>
#include <string>

#include "capture/objects.h"

TEST_CASE("capture: addresses keep their value through the kernel's form") {
  for (const char* text : {"10.60.1.11", "0.0.0.0", "255.255.255.255", "fd00::11", "::1", "::"}) {
    const sm::IpAddress ip = sm::IpAddress::parse(text).value();
    CHECK(sm::capture::from_abi(sm::capture::to_abi(ip)) == ip);
  }
  const sm_addr v4 = sm::capture::to_abi(sm::IpAddress::parse("1.2.3.4").value());
  CHECK(v4.word_be[2] == htonl(0xffff));
  CHECK(v4.word_be[3] == htonl(0x01020304));
  CHECK(sm::capture::to_be16(0x1234) == htons(0x1234));
}

TEST_CASE("capture: every embedded object declares the maps under the names that the pins have") {
  for (const auto id : {sm::capture::ObjectId::kConnect, sm::capture::ObjectId::kSockops,
                        sm::capture::ObjectId::kSockname, sm::capture::ObjectId::kHold,
                        sm::capture::ObjectId::kArrive}) {
    const auto object = sm::capture::open_object(id);
    REQUIRE(object.ok());
    for (std::size_t i = 0; i < sm::capture::kMapCount; ++i) {
      const char* name = sm::capture::to_string(static_cast<sm::capture::MapId>(i));
      CHECK_MESSAGE(bpf_object__find_map_by_name(object->get(), name) != nullptr,
                    sm::capture::to_string(id), " ", name);
    }
  }
}

TEST_CASE("capture: the maps' keys and values have the sizes of the ABI header") {
  const auto object = sm::capture::open_object(sm::capture::ObjectId::kConnect);
  REQUIRE(object.ok());
  const auto sizes = [&](const char* name) {
    const bpf_map* map = bpf_object__find_map_by_name(object->get(), name);
    return std::pair<std::size_t, std::size_t>(bpf_map__key_size(map), bpf_map__value_size(map));
  };
  CHECK(sizes("sm_wishes") == std::pair(sizeof(sm_wish_key), sizeof(sm_flow)));
  CHECK(sizes("sm_peers") == std::pair(sizeof(sm_peer_key), sizeof(sm_flow)));
  CHECK(sizes("sm_pods") == std::pair(sizeof(__u64), sizeof(sm_pod)));
  CHECK(sizes("sm_sockets") == std::pair(sizeof(int), sizeof(sm_socket)));
  CHECK(sizes("sm_ranges") == std::pair(sizeof(sm_range_key), sizeof(__u32)));
  CHECK(sizes("sm_ports") == std::pair(sizeof(sm_port_key), sizeof(__u32)));
  CHECK(sizes("sm_node") == std::pair(sizeof(__u32), sizeof(sm_node)));
  CHECK(sizes("sm_alarm") == std::pair(sizeof(__u32), sizeof(__u32)));
  CHECK(sizes("sm_listeners") == std::pair(sizeof(sm_listener_key), sizeof(__u64)));
}

TEST_CASE("capture: counters have distinct names and one of four verdicts") {
  std::set<std::string> names;
#define SM_ROW(id, name, verdict)   \
  CHECK(names.insert(name).second); \
  CHECK(std::set<std::string>{"pass", "redirect", "deny", "note"}.count(#verdict) == 1);
  SM_COUNTERS(SM_ROW)
#undef SM_ROW
  CHECK(names.size() == SM_COUNTER_COUNT);
}
