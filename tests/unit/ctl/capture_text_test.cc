// SPDX-License-Identifier: Apache-2.0
#include "ctl/capture_text.h"

#include <doctest/doctest.h>

#include "ctl/status.h"

namespace sm::ctl {
namespace {

Json lists(const Json& changes = Json::object()) {
  Json made{{"includeOutboundIPRanges", {"*"}},          {"excludeOutboundIPRanges", Json::array()},
            {"includeOutboundPorts", Json::array()},     {"excludeOutboundPorts", Json::array()},
            {"includeInboundPorts", Json::array({"*"})}, {"excludeInboundPorts", Json::array()}};
  made.update(changes);
  return made;
}

Json status_with(const Json& pod) {
  Json made = pod;
  made["namespace"] = "shop";
  made["name"] = "a";
  made["state"] = "Ready";
  return Json{{"unmeshedConnections", 0},
              {"onProxyDown", "closed"},
              {"unknownPods", "deny"},
              {"programs", Json::array({Json{{"name", "p"}, {"attached", true}}})},
              {"workers", Json::array({Json{{"index", 0}}})},
              {"pods", Json::array({made})}};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("ctl: what a pod leaves out is one cell") {
  const std::pair<Json, const char*> rows[] = {
      {Json(), "-"},
      {Json::object(), "-"},
      {lists(), "-"},
      {lists({{"excludeOutboundPorts", {3306}}, {"excludeOutboundIPRanges", {"192.0.2.0/24"}}}),
       "to 3306,192.0.2.0/24"},
      {lists({{"excludeInboundPorts", {9000, 9001}}}), "at 9000,9001"},
      {lists({{"includeOutboundIPRanges", {"10.0.0.0/8"}}, {"includeOutboundPorts", {80}}}),
       "to all but 80,10.0.0.0/8"},
      {lists({{"includeOutboundIPRanges", Json::array()}, {"includeInboundPorts", {8080}}}),
       "to all; at all but 8080"},
      {lists({{"includeOutboundIPRanges", {"10.0.0.0/8"}}, {"excludeOutboundPorts", {22}}}),
       "to all but 10.0.0.0/8, and 22"},
  };
  for (const auto& [given, words] : rows) CHECK(left_out(given) == words);
}

TEST_CASE("ctl: status says in words that nothing went past the mesh, and what may") {
  const Json status = status_with({{"lists", lists()}});
  CHECK(capture_attention(status).empty());
  const std::string text = status_text(status);
  CHECK(has(text, "all is well"));
  CHECK(has(text,
            "capture: 0 connections of pods in the mesh went past it; unknown pods are "
            "refused\n"));
  CHECK_FALSE(has(text, "onProxyDown"));
  Json choosy = status_with({{"lists", lists({{"excludeInboundPorts", {9000}}})}});
  choosy["unknownPods"] = "hold";
  CHECK(has(status_text(choosy),
            "besides what 1 pod leaves out on purpose (sockmeshctl pods); unknown pods wait"));
  choosy["unknownPods"] = "allow";
  CHECK(has(status_text(choosy), "unknown pods pass as without a mesh"));
}

TEST_CASE("ctl: a connection past the mesh needs attention") {
  Json status = status_with({});
  status["unmeshedConnections"] = 3;
  REQUIRE(capture_attention(status).size() == 1);
  CHECK(has(status_text(status), "* 3 connections of pods in the mesh went past it"));
}

TEST_CASE("ctl: a node that opens its pods without a daemon says so loudly") {
  Json status = status_with({});
  status["onProxyDown"] = "open";
  CHECK(has(status_text(status), "*** onProxyDown: open ***"));
  CHECK(has(status_text(status), "PAST THE MESH"));
}

TEST_CASE("ctl: a pod whose capture does not pass its self-test is shown with the reason") {
  const Json good{{"selfTest", {{"passed", 7}, {"failed", 0}, {"lastFailure", ""}}}};
  CHECK(self_test(good) == "7 passed");
  CHECK(self_test(Json{{"selfTest", nullptr}}) == "-");
  CHECK(self_test(Json{{"selfTest", {{"passed", 0}, {"failed", 0}, {"lastFailure", ""}}}}) ==
        "none yet");
  CHECK(capture_attention(status_with(good)).empty());
  const Json bad{{"selfTest", {{"passed", 7}, {"failed", 2}, {"lastFailure", "not captured"}}}};
  CHECK(self_test(bad) == "FAILS: not captured");
  const std::string text = status_text(status_with(bad));
  CHECK(has(text, "* the capture of 1 pod does not pass its self-test (below)"));
  CHECK(has(text, "shop/a   7        2        not captured\n"));
}

TEST_CASE("ctl: connections that are older than their pod are shown until they end") {
  const Json pod{
      {"oldConnections",
       {{{"local", "10.0.0.1:40000"}, {"remote", "10.0.0.2:5432"}, {"destroyed", false}},
        {{"local", "10.0.0.1:40001"}, {"remote", "10.0.0.2:5432"}, {"destroyed", true}}}}};
  const std::string text = status_text(status_with(pod));
  CHECK(has(text, "* 1 connection is older than the enrolment of the pod and not meshed (below)"));
  CHECK(has(text, "shop/a   10.0.0.1:40000   10.0.0.2:5432   not meshed until it ends"));
  CHECK(has(text, "shop/a   10.0.0.1:40001   10.0.0.2:5432   destroyed"));
}

TEST_CASE("ctl: what the watchdog found, and workers that do not answer, need attention") {
  Json status = status_with({});
  status["watch"] = Json{{"found", 0}, {"last", Json::array()}, {"stuckWorkers", Json::array()}};
  CHECK(capture_attention(status).empty());
  CHECK_FALSE(has(status_text(status), "WATCHDOG"));
  status["watch"] = Json{{"found", 2}, {"last", {"a pin was removed"}}, {"stuckWorkers", {1}}};
  const std::string text = status_text(status);
  CHECK(has(text, "* the watchdog found 2 of what keeps pods captured missing (below)"));
  CHECK(has(text, "* 1 worker does not answer"));
  CHECK(has(text, "FOUND BY THE WATCHDOG (newest last)\na pin was removed\n"));
}

TEST_CASE("ctl: a status without words about capture is shown as far as it goes") {
  CHECK(capture_line(Json::object()).empty());
  CHECK(capture_attention(Json{{"pods", Json::array({1, nullptr, "x"})}}).empty());
  CHECK(open_warning(Json("text")).empty());
}

}  // namespace sm::ctl
