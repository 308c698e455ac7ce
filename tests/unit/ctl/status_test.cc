// SPDX-License-Identifier: Apache-2.0
#include "ctl/status.h"

#include <doctest/doctest.h>

namespace sm::ctl {
namespace {

Json healthy() {
  return Json{
      {"node", "node-a"},
      {"version", "0.1.0"},
      {"generation", 12},
      {"documents", Json::array({Json{{"kind", "Service"},
                                      {"namespace", "shop"},
                                      {"name", "cart"},
                                      {"file", "a.yaml"},
                                      {"line", 1},
                                      {"state", "accepted"}}})},
      {"findings", Json::array()},
      {"pods", Json::array({Json{{"namespace", "shop"}, {"name", "cart-1"}, {"state", "Ready"}}})},
      {"programs",
       Json::array({Json{{"name", "sm_connect4"}, {"attached", true}, {"where", "/cg"}}})},
      {"workers", Json::array({Json{{"index", 0}, {"sessions", 4}, {"requests", 99}}})},
      {"betweenNodes", "plaintext"},
      {"counters", Json{{"connect.captured", 7}, {"connect.unknown_denied", 0}}}};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("ctl: the status of a healthy node says so, and how nodes talk to each other") {
  const std::string text = status_text(healthy());
  CHECK(attention(healthy()).empty());
  CHECK(has(text, "all is well"));
  CHECK(has(text, "node-a   12           0.1.0     1         plaintext (not encrypted)\n"));
  CHECK(has(text, "documents: 1 in force (0 with warnings), 0 rejected"));
  CHECK(has(text, "pods: 1 ready, 0 not ready"));
  CHECK_FALSE(has(text, "REJECTED"));
  CHECK_FALSE(has(text, "COUNTERS"));
}

TEST_CASE("ctl: a rejected document is shown with its place and the finding with its remedy") {
  Json status = healthy();
  status["documents"].push_back(Json{{"kind", "VirtualService"},
                                     {"namespace", "shop"},
                                     {"name", "cart"},
                                     {"file", "vs.yaml"},
                                     {"line", 4},
                                     {"state", "quarantined"},
                                     {"lastGoodInForce", true}});
  status["findings"].push_back(Json{{"code", "IST0106"},
                                    {"severity", "error"},
                                    {"kind", "VirtualService"},
                                    {"namespace", "shop"},
                                    {"name", "cart"},
                                    {"file", "vs.yaml"},
                                    {"line", 9},
                                    {"column", 7},
                                    {"path", "spec.http[0]"},
                                    {"message", "weight is negative"},
                                    {"remedy", "write 0 to 100"}});
  const std::string text = status_text(status);
  // The finding that rejects it is not a second thing.
  CHECK(attention(status) == std::vector<std::string>{"1 document is rejected; the rest applies"});
  CHECK(has(text, "documents: 1 in force (0 with warnings), 1 rejected"));
  CHECK(has(text, "VirtualService shop/cart (vs.yaml:4), its last good version is in force"));
  CHECK(has(text, "Error [IST0106] (VirtualService cart.shop vs.yaml:9:7) weight is negative"));
  CHECK(has(text, "at: spec.http[0]"));
  CHECK(has(text, "remedy: write 0 to 100"));
}

TEST_CASE("ctl: pods that are not ready are shown with the reason, pods outside the mesh apart") {
  Json status = healthy();
  status["pods"].push_back(Json{{"namespace", "shop"},
                                {"name", "late"},
                                {"state", "Seen"},
                                {"message", "no netns /run/netns/late"}});
  status["pods"].push_back(Json{{"namespace", "kube"},
                                {"name", "dns"},
                                {"state", "NotEnrolled"},
                                {"message", "the namespace has no label istio-injection"}});
  const std::string text = status_text(status);
  CHECK(attention(status) == std::vector<std::string>{"1 pod is not ready"});
  CHECK(has(text, "pods: 1 ready, 1 not ready, 1 of this node not in the mesh"));
  CHECK(has(
      text,
      "PODS NOT READY\nPOD         STATE   WHY\nshop/late   Seen    no netns /run/netns/late\n"));
  CHECK(has(text, "kube/dns   NotEnrolled"));
}

TEST_CASE("ctl: a program that is not attached, no program and no worker need attention") {
  Json status = healthy();
  status["programs"][0]["attached"] = false;
  CHECK(attention(status) == std::vector<std::string>{"1 eBPF program is not attached"});
  status["programs"] = Json::array();
  status["workers"] = Json::array();
  CHECK(attention(status).size() == 2);
}

TEST_CASE("ctl: counters of trouble are shown when they are not zero") {
  Json status = healthy();
  status["counters"]["connect.unknown_denied"] = 3;
  status["counters"]["arrive.no_wish"] = 1;
  const std::string text = status_text(status);
  CHECK(attention(status) == std::vector<std::string>{"2 counters that should be zero are not"});
  CHECK(has(text, "connect.unknown_denied   3\n"));
  CHECK(has(text, "arrive.no_wish           1\n"));
  CHECK_FALSE(has(text, "connect.captured"));
}

TEST_CASE("ctl: metrics of the workers that should be zero count as well") {
  Json status = healthy();
  status["metrics"] = Json{{"requests", 5}, {"accept_failed", 2}};
  CHECK(attention(status) == std::vector<std::string>{"1 counter that should be zero is not"});
  CHECK(has(status_text(status), "accept_failed   2\n"));
}

TEST_CASE("ctl: a program that is attached in many places is one row") {
  Json status = healthy();
  for (int pod = 0; pod < 3; ++pod) {
    status["programs"].push_back(Json{{"name", "sm_arrive"},
                                      {"attached", pod != 1},
                                      {"where", "netns inode " + std::to_string(pod)}});
  }
  const std::string text = status_text(status);
  CHECK(has(text, "sm_connect4   yes        /cg\n"));
  CHECK(has(text, "sm_arrive     2 of 3     3 places\n"));
}

TEST_CASE("ctl: the name of a counter tells whether it should be zero") {
  for (const char* name : {"connect.unknown_denied", "connect.no_storage", "wish.unpublished",
                           "arrive.no_listener", "arrive.assign_failed"}) {
    CHECK(should_be_zero(name));
  }
  for (const char* name : {"connect.captured", "connect.not_tcp", "connect.bypass", "arrive.in",
                           "name.unchanged", "wish.published"}) {
    CHECK_FALSE(should_be_zero(name));
  }
}

TEST_CASE("ctl: a status of another version is shown as far as it goes") {
  CHECK(has(status_text(Json::object()), "NODE"));
  CHECK(has(status_text(Json("text")), "NODE"));
  CHECK(has(status_text(Json{{"documents", 5}, {"pods", nullptr}}), "NODE"));
}

}  // namespace sm::ctl
