// SPDX-License-Identifier: Apache-2.0
#include "ctl/verdicts.h"

#include "fake_console.h"

namespace sm::ctl {
namespace {

const std::string kService =
    "apiVersion: v1\nkind: Service\nmetadata: {name: b, namespace: ns1}\n"
    "spec: {ports: [{name: http, port: 80}], selector: {app: b}}\n";

std::string virtual_service(const std::string& name, const std::string& destination) {
  return "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
         "metadata: {name: " +
         name +
         ", namespace: ns1}\n"
         "spec: {hosts: [b], http: [{route: [{destination: {" +
         destination + "}}]}]}\n";
}

const Json* finding(const Json& verdict, const std::string& code, const std::string& name) {
  for (const Json& one : verdict["findings"]) {
    if (one["code"] == code && one["name"] == name) return &one;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("ctl: validate judges each document alone, with its place and findings") {
  const Scratch scratch;
  const std::string file =
      scratch.write("two.yaml", virtual_service("good", "host: b") + "---\n" +
                                    virtual_service("bad", "host: b}, weight: -1, headers: {"));
  const Ran ran({"validate", "-o", "json", file});
  CHECK(ran.code == 1);
  const Json documents = ran.json()["documents"];
  REQUIRE(documents.size() == 2);
  CHECK(documents[0]["name"] == "good");
  CHECK(documents[0]["valid"] == true);
  CHECK(documents[0]["line"] == 1);
  CHECK(documents[1]["name"] == "bad");
  CHECK(documents[1]["valid"] == false);
  CHECK(documents[1]["line"] == 6);
  REQUIRE_FALSE(documents[1]["findings"].empty());
  const Json& first = documents[1]["findings"][0];
  CHECK(first["severity"] == "error");
  CHECK(first["file"] == file);
  CHECK(first["line"] == 9);
  CHECK(first["path"].get<std::string>().find("weight") != std::string::npos);
}

TEST_CASE(
    "ctl: validate of good documents is exit 0, also from standard input and from a directory") {
  const Scratch scratch;
  scratch.write("d/a.yaml", kService);
  CHECK(Ran({"validate", "-"}, virtual_service("good", "host: b")).code == 0);
  const Ran directory({"validate", scratch.path("d"), "-o", "json"});
  CHECK(directory.code == 0);
  CHECK(directory.json()["documents"].size() == 1);
  CHECK(Ran({"validate", "-"}, kService).out_has("-:1: Service ns1/b: valid\n"));
}

TEST_CASE("ctl: validate does not look for what a document refers to") {
  CHECK(Ran({"validate", "-"}, virtual_service("dangling", "host: nowhere")).code == 0);
}

TEST_CASE("ctl: a file that is no YAML is an invalid entry that names it") {
  const Scratch scratch;
  const std::string file = scratch.write("broken.yaml", "kind: [\n");
  const Ran ran({"validate", "-o", "json", file});
  CHECK(ran.code == 1);
  const Json documents = ran.json()["documents"];
  REQUIRE(documents.size() == 1);
  CHECK(documents[0]["valid"] == false);
  CHECK(documents[0]["file"] == file);
}

TEST_CASE("ctl: a file that cannot be read is exit 1 with its name") {
  const Ran ran({"validate", "/nonexistent/x.yaml", "-o", "json"});
  CHECK(ran.code == 1);
  CHECK(ran.err_has("/nonexistent/x.yaml"));
  CHECK(ran.json().contains("error"));
}

TEST_CASE("ctl: analyze of a clean set is exit 0 and says so as istioctl does") {
  const Scratch scratch;
  scratch.write("d/a.yaml", kService);
  scratch.write("d/b.yaml", virtual_service("good", "host: b"));
  const Ran ran({"analyze", scratch.path("d")});
  CHECK(ran.code == 0);
  CHECK(ran.out == "\u2714 No validation issues found when analyzing " + scratch.path("d") + ".\n");
  const Json verdict = Ran({"analyze", "-o", "json", scratch.path("d")}).json();
  CHECK(verdict["documents"].size() == 2);
  CHECK(verdict["documents"][0]["state"] == "accepted");
  CHECK(verdict["findings"].empty());
}

TEST_CASE("ctl: analyze finds a dangling reference, on the planner's word, and exits with 79") {
  const Scratch scratch;
  scratch.write("d/a.yaml", kService);
  scratch.write("d/b.yaml", virtual_service("dangling", "host: nowhere"));
  const Ran ran({"analyze", "-o", "json", scratch.path("d")});
  CHECK(ran.code == 79);
  const Json verdict = ran.json();
  const Json* found = finding(verdict, "IST0101", "dangling");
  REQUIRE(found != nullptr);
  CHECK((*found)["severity"] == "error");
  // The document is in force as far as it goes, so it is warned here as it is in the daemon.
  CHECK(verdict["documents"][1]["state"] == "warned");
  CHECK(
      Ran({"analyze", scratch.path("d")}).out_has("Error [IST0101] (VirtualService dangling.ns1 "));
}

TEST_CASE("ctl: analyze looks at routes of a gateway whose pod a Deployment will make") {
  const Scratch scratch;
  scratch.write(
      "d/a.yaml",
      "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: ns1}\n"
      "spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, "
      "protocol: HTTP}, hosts: ['shop.example']}]}\n---\n"
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: edge, "
      "namespace: ns1}\nspec: {hosts: [shop.example], gateways: [gw], http: [{route: "
      "[{destination: {host: nowhere}}]}]}\n");
  const Json verdict = Ran({"analyze", "-o", "json", scratch.path("d")}).json();
  CHECK(finding(verdict, "IST0101", "edge") != nullptr);
  for (const Json& document : verdict["documents"]) CHECK(document["kind"] != "Pod");
}

TEST_CASE("ctl: analyze says each finding of the planner once, however many nodes there are") {
  const Scratch scratch;
  std::string pods;
  for (const char* node : {"n1", "n2", "n3"}) {
    pods += std::string("---\napiVersion: v1\nkind: Pod\nmetadata: {name: p-") + node +
            ", namespace: ns1, labels: {app: b}}\nspec: {nodeName: " + node +
            ", containers: [{name: app}]}\nstatus: {podIP: 10.0.0." + node[1] +
            ", phase: Running}\n";
  }
  scratch.write("d/a.yaml", kService + pods);
  scratch.write("d/b.yaml", virtual_service("dangling", "host: nowhere"));
  const Json verdict = Ran({"analyze", "-o", "json", scratch.path("d")}).json();
  std::size_t count = 0;
  for (const Json& one : verdict["findings"]) count += one["name"] == "dangling" ? 1U : 0U;
  CHECK(count == 1);
}

TEST_CASE("ctl: analyze of a directory that is not there is exit 1") {
  const Ran ran({"analyze", "/nonexistent/dir"});
  CHECK(ran.code == 1);
  CHECK(ran.err_has("/nonexistent/dir does not exist"));
}

}  // namespace sm::ctl
