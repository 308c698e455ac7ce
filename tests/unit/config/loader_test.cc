// SPDX-License-Identifier: Apache-2.0
#include "config/loader.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "judge.h"
#include "scratch.h"

namespace sm::config {
namespace {

namespace fs = std::filesystem;

std::string service(const std::string& name, const std::string& port = "80") {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         ", namespace: ns}\nspec: {ports: [{port: " + port + "}]}\n";
}

std::vector<std::string> names(const Snapshot& snapshot) {
  std::vector<std::string> out;
  for (const auto& service : snapshot.services) out.push_back(service->meta.ref.name);
  return out;
}

using Names = std::vector<std::string>;

TEST_CASE(
    "config: files are read recursively in path order, hidden ones and other names passed over") {
  const Scratch dir;
  dir.write("res/b/two.yml", service("b"));
  dir.write("res/a.yaml", service("a"));
  dir.write(
      "res/c.json",
      R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"c","namespace":"ns"},"spec":{}})");
  dir.write("res/.hidden.yaml", service("hidden"));
  dir.write("res/readme.txt", "kind: [");
  Loader loader("");
  const auto snapshot = loader.load({dir.path("res") + "/"});
  CHECK(names(*snapshot) == Names{"a", "b", "c"});
  CHECK(snapshot->services[1]->meta.ref.file == dir.path("res/b/two.yml"));
  CHECK(snapshot->findings.empty());
  CHECK(names(*loader.load({dir.path("res/a.yaml")})) == Names{"a"});
}

TEST_CASE("config: a ConfigMap volume is read once, and again after its swap") {
  const Scratch dir;
  dir.write("res/..v1/a.yaml", service("old"));
  dir.write("res/..v2/a.yaml", service("new"));
  fs::create_directory_symlink("..v1", dir.path("res/..data"));
  fs::create_symlink("..data/a.yaml", dir.path("res/a.yaml"));
  Loader loader("");
  const auto before = loader.load({dir.path("res")});
  CHECK(names(*before) == Names{"old"});
  CHECK(before->findings.empty());
  fs::create_directory_symlink("..v2", dir.path("res/..new"));
  fs::rename(dir.path("res/..new"), dir.path("res/..data"));
  CHECK(names(*loader.load({dir.path("res")})) == Names{"new"});
}

TEST_CASE("config: links cannot form a circle") {
  const Scratch dir;
  dir.write("res/a.yaml", service("a"));
  fs::create_directory_symlink("..", dir.path("res/up"));
  fs::create_symlink("a.yaml", dir.path("res/z.yaml"));
  Loader loader("");
  const auto snapshot = loader.load({dir.path("res")});
  CHECK(names(*snapshot) == Names{"a"});
  CHECK(snapshot->findings.empty());
}

TEST_CASE("config: of duplicates the last in path order wins, and a warning names both") {
  const Scratch dir;
  dir.write("a.yaml", service("x", "1"));
  dir.write("b.yaml", service("y") + "---\n" + service("x", "2"));
  Loader loader("");
  const auto snapshot = loader.load({dir.path()});
  REQUIRE(names(*snapshot) == Names{"y", "x"});
  CHECK(snapshot->services[1]->ports[0].port == 2);
  REQUIRE(snapshot->findings.size() == 1);
  const Finding& finding = snapshot->findings[0];
  CHECK(finding.code == code::kDuplicate);
  CHECK(finding.severity == Severity::kWarning);
  CHECK(finding.message.find("a.yaml:1") != std::string::npos);
  CHECK(finding.message.find("b.yaml:6") != std::string::npos);
}

TEST_CASE("config: a document that breaks keeps its last good version, its neighbours change") {
  const Scratch dir;
  dir.write("a.yaml", service("x", "1") + "---\n" + service("y", "1"));
  Loader loader("");
  loader.load({dir.path()});
  dir.write("a.yaml", service("x", "99999") + "---\n" + service("y", "2"));
  const auto snapshot = loader.load({dir.path()});
  REQUIRE(names(*snapshot) == Names{"x", "y"});
  CHECK(snapshot->services[0]->ports[0].port == 1);
  CHECK(snapshot->services[1]->ports[0].port == 2);
  CHECK(snapshot->documents[0].state == DocumentState::kQuarantined);
  CHECK(snapshot->documents[0].last_good_in_force);
  CHECK(snapshot->documents[1].state == DocumentState::kAccepted);
}

TEST_CASE("config: a document without a last good version is simply absent") {
  const Scratch dir;
  dir.write("a.yaml", service("x", "99999"));
  Loader loader("");
  const auto snapshot = loader.load({dir.path()});
  CHECK(snapshot->services.empty());
  CHECK(snapshot->documents.at(0).state == DocumentState::kQuarantined);
  CHECK_FALSE(snapshot->documents.at(0).last_good_in_force);
}

TEST_CASE("config: a file that is cut off keeps everything that it said") {
  const Scratch dir;
  const std::string whole = service("x") + "---\n" + service("y");
  for (const std::string& torn :
       {std::string("apiVersion: v1\nkind: [\n"), std::string(), whole.substr(0, 20),
        service("x") + "---\napiVersion: v1\nkind: Serv", std::string("apiV")}) {
    CAPTURE(torn);
    dir.write("a.yaml", whole);
    Loader loader("");
    loader.load({dir.path()});
    dir.write("a.yaml", torn);
    const auto snapshot = loader.load({dir.path()});
    Names got = names(*snapshot);
    std::sort(got.begin(), got.end());
    CHECK(got == Names{"x", "y"});
    CHECK_FALSE(snapshot->findings.empty());
    dir.write("a.yaml", service("y"));
    CHECK(names(*loader.load({dir.path()})) == Names{"y"});
  }
}

TEST_CASE("config: what leaves the files is gone, with its last good version") {
  const Scratch dir;
  dir.write("a.yaml", service("x"));
  dir.write("b.yaml", service("y"));
  Loader loader(dir.path("state"));
  loader.load({dir.path("a.yaml"), dir.path("b.yaml")});
  CHECK(dir.count("state") == 2);
  dir.remove("a.yaml");
  dir.write("empty/none.txt", "");
  const auto snapshot = loader.load({dir.path("empty"), dir.path("b.yaml")});
  CHECK(names(*snapshot) == Names{"y"});
  CHECK(dir.count("state") == 1);
  // It does not come back when it returns broken.
  dir.write("empty/a.yaml", service("x", "99999"));
  CHECK(names(*loader.load({dir.path("empty"), dir.path("b.yaml")})) == Names{"y"});
}

TEST_CASE("config: a directory that is away keeps in force what came from it") {
  const Scratch dir;
  dir.write("res/sub/a.yaml", service("x"));
  Loader loader("");
  loader.load({dir.path("res")});
  fs::rename(dir.path("res"), dir.path("away"));
  const auto snapshot = loader.load({dir.path("res")});
  CHECK(names(*snapshot) == Names{"x"});
  REQUIRE(snapshot->findings.size() == 1);
  CHECK(snapshot->findings[0].severity == Severity::kError);
  CHECK(snapshot->findings[0].object.file == dir.path("res"));
  fs::rename(dir.path("away"), dir.path("res"));
  CHECK(loader.load({dir.path("res")})->findings.empty());
}

TEST_CASE("config: last good versions survive a restart in the state directory") {
  const Scratch dir;
  const std::string policy = istio("AuthorizationPolicy", "  rules: [{}]\n");
  dir.write("res/a.yaml", service("x", "1") + "---\n" + policy);
  { Loader(dir.path("deep/state")).load({dir.path("res")}); }
  const std::string broken_policy = istio("AuthorizationPolicy", "  ruels: [{}]\n");
  dir.write("res/a.yaml", service("x", "99999") + "---\n" + broken_policy);
  Loader restarted(dir.path("deep/state"));
  const auto snapshot = restarted.load({dir.path("res")});
  REQUIRE(snapshot->services.size() == 1);
  CHECK(snapshot->services[0]->ports[0].port == 1);
  CHECK(snapshot->security_policies.size() == 1);
  CHECK(snapshot->broken_security_policies.empty());
  CHECK(snapshot->documents[0].last_good_in_force);
  // A file that is no YAML right after a restart, too.
  dir.write("res/a.yaml", "[");
  CHECK(Loader(dir.path("deep/state")).load({dir.path("res")})->services.size() == 1);
}

TEST_CASE("config: a damaged state directory costs nothing but what it held") {
  const Scratch dir;
  dir.write("res/a.yaml", service("x", "99999"));
  dir.write("state/last-good/a.yaml", "file: [\n");
  dir.write("state/last-good/b.yaml", "");
  dir.write("state/last-good/c.yaml", "file: f\ndocument: {apiVersion: v1, kind: Service}\n");
  Loader loader(dir.path("state"));
  CHECK(loader.load({dir.path("res")})->services.empty());
}

TEST_CASE("config: a state directory that cannot be written is a warning") {
  const Scratch dir;
  dir.write("res/a.yaml", service("x"));
  dir.write("state", "a file");
  Loader loader(dir.path("state"));
  const auto snapshot = loader.load({dir.path("res")});
  CHECK(names(*snapshot) == Names{"x"});
  REQUIRE(snapshot->findings.size() == 1);
  CHECK(snapshot->findings[0].severity == Severity::kWarning);
}

TEST_CASE("config: objects that did not change keep their address, also beside one that did") {
  const Scratch dir;
  dir.write("a.yaml", service("x") + "---\n" + service("y"));
  dir.write("b.yaml", service("z"));
  Loader loader("");
  const auto one = loader.load({dir.path()});
  const auto two = loader.load({dir.path()});
  dir.write("a.yaml", service("x") + "---\n" + service("y", "81"));
  const auto three = loader.load({dir.path()});
  for (std::size_t i = 0; i < 3; ++i) CHECK(one->services[i] == two->services[i]);
  CHECK(two->services[0] == three->services[0]);
  CHECK(two->services[1] != three->services[1]);
  CHECK(three->services[1]->ports[0].port == 81);
  CHECK(two->services[2] == three->services[2]);
}

TEST_CASE("config: a change of the same size right after a read is seen") {
  const Scratch dir;
  Loader loader("");
  for (int port = 10; port < 60; ++port) {
    dir.write("a.yaml", service("x", std::to_string(port)));
    CHECK(loader.load({dir.path()})->services.at(0)->ports[0].port == port);
  }
}

TEST_CASE("config: a refused security document without a last good version is kept as broken") {
  const Scratch dir;
  dir.write("a.yaml", istio("PeerAuthentication", "  mtsl: {mode: STRICT}\n"));
  Loader loader("");
  const auto snapshot = loader.load({dir.path()});
  CHECK(snapshot->broken_security_policies.size() == 1);
  dir.write("a.yaml", istio("PeerAuthentication", "  mtls: {mode: STRICT}\n"));
  CHECK(loader.load({dir.path()})->broken_security_policies.empty());
}

TEST_CASE("config: an unreadable file keeps what it said") {
  const Scratch dir;
  dir.write("a.yaml", service("x"));
  Loader loader("");
  loader.load({dir.path()});
  dir.remove("a.yaml");
  fs::create_symlink("/proc/self/mem", dir.path("a.yaml"));
  const auto snapshot = loader.load({dir.path()});
  CHECK(names(*snapshot) == Names{"x"});
  CHECK(snapshot->findings.size() == 1);
}

}  // namespace
}  // namespace sm::config
