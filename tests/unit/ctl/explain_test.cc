// SPDX-License-Identifier: Apache-2.0
#include <sstream>
#include <utility>

#include "fake_console.h"

namespace sm::ctl {
namespace {

const std::string kWorld =
    "apiVersion: v1\nkind: Service\nmetadata: {name: b, namespace: ns1}\n"
    "spec: {clusterIP: 10.96.0.7, selector: {app: b}, ports: [{name: http, port: 80}, {name: tcp, "
    "port: 9090}]}\n"
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a-1, namespace: ns1, labels: {app: a}}\n"
    "spec: {nodeName: n1, containers: [{name: app}]}\nstatus: {podIP: 10.0.0.1, phase: Running, "
    "conditions: [{type: Ready, status: 'True'}]}\n"
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: b-1, namespace: ns1, labels: {app: b}}\n"
    "spec: {nodeName: n2, containers: [{name: app}]}\nstatus: {podIP: 10.0.0.2, phase: Running, "
    "conditions: [{type: Ready, status: 'True'}]}\n"
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: out-1, namespace: ns1, labels: {app: out}, "
    "annotations: {sidecar.istio.io/inject: 'false'}}\n"
    "spec: {nodeName: n1, containers: [{name: app}]}\nstatus: {podIP: 10.0.0.3, phase: Running}\n";

struct World {
  World() { scratch.write("d/world.yaml", kWorld); }
  Ran ask(std::vector<std::string> more, std::string input = {}) const {
    std::vector<std::string> arguments = {"explain", "--config", scratch.path("d")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Ran(arguments, std::move(input));
  }
  Scratch scratch;
};

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    auto value = parse_json(line);
    REQUIRE(value.ok());
    lines.push_back(std::move(*value));
  }
  return lines;
}

}  // namespace

TEST_CASE("ctl: explain works out a request from directories, without a daemon") {
  const World world;
  const Ran ran =
      world.ask({"--from", "ns1/a-1", "-o", "json", "GET", "http://b/x", "-H", "x-one: two"});
  CHECK(ran.code == 0);
  const Json answer = ran.json();
  CHECK(answer["verdict"] == "route");
  CHECK(answer["service"] == "b.ns1.svc.cluster.local");
  CHECK(answer["upstream"]["headers"]["x-one"] == Json::array({"two"}));
  for (const char* key : {"status", "flags", "details", "port", "protocol", "virtualHost", "route",
                          "rejected", "destinations", "mirrors", "response", "responseHeaderOps",
                          "timeoutMs", "retries", "faults", "client", "authn", "authz"}) {
    INFO(key);
    CHECK(answer.contains(key));
  }
  CHECK(world.ask({"--from", "ns1/a-1", "GET", "http://b/x"}).out_has("verdict:      route\n"));
}

TEST_CASE("ctl: explain takes tcp without a method") {
  const World world;
  const Json answer = world.ask({"--from", "a-1.ns1", "-o", "json", "tcp://10.96.0.7:9090"}).json();
  CHECK(answer["verdict"] == "route");
  CHECK(answer["protocol"] == "tcp");
}

TEST_CASE("ctl: explain that cannot answer is exit 1, one that is not understood exit 2") {
  const World world;
  const Ran nobody = world.ask({"--from", "ns1/nobody", "-o", "json", "GET", "http://b/"});
  CHECK(nobody.code == 1);
  CHECK(nobody.json().contains("error"));
  const Ran outside = world.ask({"--from", "ns1/out-1", "GET", "http://b/"});
  CHECK(outside.code == 1);
  CHECK(outside.err_has("pod ns1/out-1 is not in the mesh: "));
  CHECK(Ran({"explain", "--config", "/nonexistent", "--from", "a/b", "GET", "http://b/"}).code ==
        1);
  CHECK(world.ask({"GET", "http://b/"}).code == 2);
  CHECK(Ran({"explain", "--socket", "/nonexistent/s", "--from", "a/b", "GET", "http://b/"}).code ==
        3);
}

TEST_CASE("ctl: explain answers a batch line by line, in order, and a bad line harms no other") {
  const World world;
  const Ran ran =
      world.ask({"-o", "json", "--batch", "-"},
                "{\"id\":\"1\",\"from\":\"ns1/a-1\",\"method\":\"GET\",\"url\":\"http://b/\"}\n"
                "{\"id\":\"2\",\"from\":\"ns1/a-1\"}\n"
                "nonsense\n"
                "{\"id\":\"3\",\"from\":\"ns1/a-1\",\"method\":\"GET\",\"url\":\"http://b/\","
                "\"headers\":{\"k\":[\"1\",\"2\"]}}\n");
  CHECK(ran.code == 1);
  const auto lines = lines_of(ran.out);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["id"] == "1");
  CHECK(lines[0]["verdict"] == "route");
  CHECK(lines[1]["id"] == "2");
  CHECK(lines[1].contains("error"));
  CHECK(lines[2].contains("error"));
  CHECK(lines[3]["id"] == "3");
  CHECK(lines[3]["upstream"]["headers"]["k"] == Json::array({"1", "2"}));
}

TEST_CASE("ctl: a long batch is answered whole and in order") {
  const World world;
  std::string questions;
  for (int i = 0; i < 1201; ++i) {
    questions += "{\"id\":\"" + std::to_string(i) +
                 "\",\"from\":\"ns1/a-1\",\"method\":\"GET\",\"url\":\"http://b/\"}\n";
  }
  const Ran ran = world.ask({"--batch", world.scratch.write("batch.jsonl", questions)});
  CHECK(ran.code == 0);
  const auto lines = lines_of(ran.out);
  REQUIRE(lines.size() == 1201);
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i]["id"] == std::to_string(i));
}

}  // namespace sm::ctl
